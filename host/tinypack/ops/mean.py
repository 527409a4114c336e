"""mean: over any axes; what averages h and w becomes average_pool_2d (passes/convert_mean.py)."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, argument, normalized_axes, refuse
from ._layer import Layer, Quantized, rescale

ONNX = ("ReduceMean", "ReduceSum", "GlobalAveragePool")


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    if node.op == "GlobalAveragePool":
        axes = tuple(range(2, x.rank))
    else:
        given = argument(node, "axes", 1, [])
        if not given and node.attrs.get("noop_with_empty_axes", 0):
            return build.reshape(x, x.shape)
        axes = normalized_axes(given or list(range(x.rank)), x.rank)
    y = build.node("mean", x, axes=axes)
    if node.op == "ReduceSum":
        count = np.prod([x.shape[axis] for axis in axes])
        y = build.node("mul", y, build.constant(np.full((1,) * x.rank, count), "count"))
    return build.reshape(y, node.outputs[0].shape)


def infer_shape(node: Node) -> Shape:
    axes = node.attrs["axes"]
    return tuple(1 if i in axes else size for i, size in enumerate(node.input(0).shape))


def float_(node: Node, x: FloatArray) -> FloatArray:
    y: FloatArray = x.mean(axis=tuple(axis + 1 for axis in node.attrs["axes"]), keepdims=True)
    return y


def attributes(node: Node) -> dict[str, int]:
    """Bits of the NHWC view."""
    shape, rank, bits = node.input(0).shape, node.input(0).rank, 0
    front = [axis in node.attrs["axes"] for axis in range(rank - 3) if shape[axis] != 1]
    if any(front) and not all(front):
        raise refuse(node, f"averages axes {node.attrs['axes']} of {rank}", "use four at most")
    for axis in node.attrs["axes"]:
        bits |= 1 << max(0, 4 - rank + axis)
    return {"axes": bits}


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    output = layer.own()
    sizes, axes = layer.node.input(0).shape, layer.node.attrs["axes"]
    count = prod(sizes[axis] for axis in axes)
    attrs = rescale(x.scale / (output.scale[0] * count))
    return Quantized(attrs, output, layer.compute(x.actual))


def permuted(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    return {"axes": tuple(sorted(perm[axis] for axis in node.attrs["axes"]))}
