"""mean: over any axes; over h and w it becomes average_pool_2d (passes/convert_reductions.py)."""

from math import prod

import numpy as np

from ..ir import FloatArray, Node, Value
from ._build import Builder
from ._layer import Layer, Quantized, rescale
from ._reduction import attributes, infer_shape, onnx_axes, permuted, reduce

__all__ = ["ONNX", "attributes", "float_", "infer_shape", "legalize", "permuted", "quantize"]

ONNX = (
    "GlobalAveragePool",
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMean",
    "ReduceSum",
    "ReduceSumSquare",
)
# What happens to each element before it is summed up, and to the sum.
_BEFORE = {
    "ReduceL1": ("abs", "x"),
    "ReduceL2": ("mul", "x", "x"),
    "ReduceSumSquare": ("mul", "x", "x"),
}
_BEHIND = {"ReduceL2": ("sqrt", "x"), "ReduceLogSum": ("log", "x")}


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    axes = tuple(range(2, x.rank)) if node.op == "GlobalAveragePool" else onnx_axes(node)
    if node.op == "ReduceLogSumExp":
        return build.reshape(_log_sum_exp(x, axes, build), node.outputs[0].shape)
    if node.op in _BEFORE:
        x = build.node("table", x, function=_BEFORE[node.op])
    y = reduce(build, "mean", x, axes)
    if node.op not in ("ReduceMean", "GlobalAveragePool"):
        y = _multiplied(y, prod(x.shape) // prod(y.shape), build)
    if node.op in _BEHIND:
        y = build.node("table", y, function=_BEHIND[node.op])
    return build.reshape(y, node.outputs[0].shape)


def _multiplied(y: Value, count: int, build: Builder) -> Value:
    if count == 1:
        return y
    return build.node("mul", y, build.constant(np.full((1,) * y.rank, count), "count"))


def _log_sum_exp(x: Value, axes: tuple[int, ...], build: Builder) -> Value:
    """With the maximum in front of the logarithm, as all that is near it counts."""
    largest = reduce(build, "reduce_max", x, axes)
    below = build.node("add", x, largest, subtract=1)
    terms = build.node("table", below, function=("exp", "x"))
    total = reduce(build, "mean", terms, axes)
    count = float(prod(x.shape) // prod(total.shape))
    logarithm = build.node("table", total, function=("log", ("mul", "x", count)))
    return build.node("add", logarithm, largest)


def float_(node: Node, x: FloatArray) -> FloatArray:
    axes = tuple(axis + 1 for axis in node.attrs["axes"])
    total = node.attrs.get("total")
    y: FloatArray = x.sum(axes, keepdims=True) if total else x.mean(axes, keepdims=True)
    return y


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    output = layer.own()
    sizes, axes = layer.node.input(0).shape, layer.node.attrs["axes"]
    count = 1 if layer.node.attrs.get("total") else prod(sizes[axis] for axis in axes)
    attrs = rescale(x.scale / (output.scale[0] * count))
    return Quantized(attrs, output, layer.compute(x.actual))
