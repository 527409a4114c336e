"""reduce_max: maximum or minimum over axes; over h and w it becomes max_pool_2d
(passes/convert_reductions.py)."""

import numpy as np

from ..ir import FloatArray, Node, Value
from ._build import Builder
from ._layer import Layer, Quantized
from ._reduction import attributes, infer_shape, onnx_axes, permuted, reduce

__all__ = [
    "KEEPS_SCALE",
    "ONNX",
    "attributes",
    "float_",
    "infer_shape",
    "legalize",
    "permuted",
    "quantize",
]

KEEPS_SCALE = True
ONNX = ("ReduceMax", "ReduceMin", "GlobalMaxPool")


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    axes = tuple(range(2, x.rank)) if node.op == "GlobalMaxPool" else onnx_axes(node)
    y = reduce(build, "reduce_max", x, axes, minimum=int(node.op == "ReduceMin"))
    return build.reshape(y, node.outputs[0].shape)


def float_(node: Node, x: FloatArray) -> FloatArray:
    best = np.min if node.attrs.get("minimum") else np.max
    y: FloatArray = best(x, axis=tuple(axis + 1 for axis in node.attrs["axes"]), keepdims=True)
    return y


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    return Quantized({}, x.params, layer.compute(x.actual))
