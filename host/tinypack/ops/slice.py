"""slice: every step-th index of each axis; a step of 0 repeats one index."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, argument, inverse, refuse
from ._layer import Layer, Quantized
from ._views import AXES, right_aligned, view, whole

KEEPS_SCALE = True
ONNX = ("Slice", "Expand")


def legalize(node: Node, build: Builder) -> Value | None:
    if node.op == "Expand":
        return _expand(node, build)
    x = node.input(0)
    starts, ends = argument(node, "starts", 1), argument(node, "ends", 2)
    axes = argument(node, "axes", 3, list(range(len(starts))))
    steps = argument(node, "steps", 4, [1] * len(starts))
    views = whole(x.shape)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        indices = range(*slice(start, end, step).indices(x.shape[axis]))
        if not indices:
            raise refuse(node, f"takes nothing of axis {axis}", "remove what depends on it")
        views[axis] = indices.start, indices.step, len(indices)
    return view(build, x, views)


def _expand(node: Node, build: Builder) -> Value:
    x, shape = node.input(0), node.outputs[0].shape
    x = build.reshape(x, (1,) * (len(shape) - x.rank) + x.shape)
    views = [(0, int(have == want), want) for have, want in zip(x.shape, shape, strict=True)]
    return view(build, x, views)


def infer_shape(node: Node) -> Shape:
    size: Shape = node.attrs["size"]
    return size


def float_(node: Node, x: FloatArray) -> FloatArray:
    y = x
    views = zip(*(node.attrs[key] for key in ("begin", "step", "size")), strict=True)
    for axis, (begin, step, size) in enumerate(views, 1):
        if (begin, step, size) != (0, 1, y.shape[axis]):
            y = y.take(begin + step * np.arange(size), axis)
    return y


def attributes(node: Node) -> dict[str, int]:
    result: dict[str, int] = {}
    missing = right_aligned(node, 0)
    for key, default in (("begin", 0), ("step", 1)):
        numbers = (default,) * missing + tuple(node.attrs[key])
        result |= {f"{key}_{i}": numbers[i] for i in range(AXES)}
    return result


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    return Quantized({}, x.params, layer.compute(x.actual))


def permuted(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    back = inverse(perm)
    return {
        key: tuple(node.attrs[key][axis] for axis in back) for key in ("begin", "step", "size")
    }
