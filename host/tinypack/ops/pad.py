"""pad: a border of one value."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, argument, inverse, refuse
from ._layer import Layer, Quantized

ONNX = ("Pad",)


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    mode = node.attrs.get("mode", "constant")
    if mode != "constant":
        raise refuse(node, f"pads with mode {mode!r}", "pad with a constant")
    pads = argument(node, "pads", 1)
    value = argument(node, "value", 2, 0.0)
    axes = [axis % x.rank for axis in argument(node, "axes", 3, list(range(x.rank)))]
    if any(pad < 0 for pad in pads):
        raise refuse(node, "has negative padding", "slice the input before the export")
    before, after = [0] * x.rank, [0] * x.rank
    for i, axis in enumerate(axes):
        before[axis], after[axis] = pads[i], pads[len(axes) + i]
    if not any(pads):
        return build.reshape(x, x.shape)
    value = float(np.reshape(value, ()))
    return build.node("pad", x, before=tuple(before), after=tuple(after), value=value)


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
