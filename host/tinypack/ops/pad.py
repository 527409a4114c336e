"""pad: a border of one value; other borders are gathers."""

from collections.abc import Sequence
from math import prod
from typing import Any, Literal

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, argument, inverse, refuse
from ._layer import Layer, Quantized
from ._views import take, view

KEEPS_SCALE = True
ONNX = ("Pad",)

_NUMPY_MODES: dict[str, Literal["edge", "reflect", "wrap"]] = {
    "edge": "edge",
    "reflect": "reflect",
    "wrap": "wrap",
}


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    mode = node.attrs.get("mode", "constant")
    pads = argument(node, "pads", 1)
    value = float(np.reshape(argument(node, "value", 2, 0.0), ()))
    axes = [axis % x.rank for axis in argument(node, "axes", 3, list(range(x.rank)))]
    before, after = [0] * x.rank, [0] * x.rank
    for i, axis in enumerate(axes):
        before[axis], after[axis] = pads[i], pads[len(axes) + i]
    if any(size + b + a < 1 for size, b, a in zip(x.shape, before, after, strict=True)):
        raise refuse(node, "takes all of an axis away", "remove what depends on it")
    # Negative padding cuts off.
    views = [
        (max(0, -b), 1, size + min(0, b) + min(0, a))
        for size, b, a in zip(x.shape, before, after, strict=True)
    ]
    y = view(build, x, views)
    before, after = ([max(0, pad) for pad in side] for side in (before, after))
    if mode == "constant":
        return bordered(build, y, before, after, value)
    if mode not in _NUMPY_MODES:
        raise refuse(node, f"pads with mode {mode!r}", "pad with a constant")
    for axis, size in enumerate(y.shape):
        border = (before[axis], after[axis])
        if any(border):
            indices = np.pad(np.arange(size), border, mode=_NUMPY_MODES[mode])
            y = take(build, y, axis, indices.tolist())
    return y


def bordered(
    build: Builder, x: Value, before: Sequence[int], after: Sequence[int], value: float
) -> Value:
    """A pad, or one for each axis where the NHWC view does not show them."""
    if not any((*before, *after)):
        return x
    if x.rank <= 4 or not any((*before[:-3], *after[:-3])):
        return build.node("pad", x, before=tuple(before), after=tuple(after), value=value)
    for axis in range(x.rank):
        if before[axis] or after[axis]:
            inner = prod(x.shape[axis + 1 :])
            rows = build.reshape(x, (prod(x.shape[:axis]), x.shape[axis] * inner))
            y = build.node(
                "pad",
                rows,
                before=(0, before[axis] * inner),
                after=(0, after[axis] * inner),
                value=value,
            )
            size = x.shape[axis] + before[axis] + after[axis]
            x = build.reshape(y, (*x.shape[:axis], size, *x.shape[axis + 1 :]))
    return x


def infer_shape(node: Node) -> Shape:
    sizes = zip(node.input(0).shape, node.attrs["before"], node.attrs["after"], strict=True)
    return tuple(before + size + after for size, before, after in sizes)


def float_(node: Node, x: FloatArray) -> FloatArray:
    borders = zip(node.attrs["before"], node.attrs["after"], strict=True)
    y: FloatArray = np.pad(x, [(0, 0), *borders], constant_values=node.attrs["value"])
    return y


def attributes(node: Node) -> dict[str, int]:
    """Axes in front of h are one in the NHWC view."""
    if len(node.attrs["before"]) > 4 and any(
        node.attrs[key][axis]
        for key in ("before", "after")
        for axis in range(len(node.attrs["before"]) - 3)
    ):
        raise refuse(node, "pads the outer of more than four axes", "use four axes at most")
    before = (0, 0, 0, 0, *node.attrs["before"])[-4:]
    return dict(zip(("before_n", "before_h", "before_w", "before_c"), before, strict=True))


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    border = round(layer.node.attrs["value"] / x.scale) + x.zero_point
    attrs = {"value": min(max(border, -128), 127)}
    return Quantized(attrs, x.params, layer.compute(x.actual))


def permuted(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    back = inverse(perm)
    return {key: tuple(node.attrs[key][axis] for axis in back) for key in ("before", "after")}
