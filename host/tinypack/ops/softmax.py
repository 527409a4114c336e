"""softmax: over the last axis."""

from math import prod

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, inverse, refuse
from ._layer import Layer, Quantized, s8, s16
from ._permuted import with_last_kept
from ._requant import softmax_attributes

ONNX = ("Softmax", "LogSoftmax")

# SPEC.md: the sum of exponentials has twelve integer bits.
_LARGEST = 4096
# Probabilities are multiples of 1/256 on the board: below half of one the logarithm stops.
_LEAST_PROBABILITY = 1 / 512


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    flattened = build.opset < 13
    axis = node.attrs.get("axis", 1 if flattened else -1)
    axis = axis % x.rank if x.rank else 0
    if flattened:
        y = build.reshape(x, (prod(x.shape[:axis]), prod(x.shape[axis:])))
        y = build.reshape(_softmax(node, build, y), x.shape)
    else:
        perm = (*(i for i in range(x.rank) if i != axis), axis)
        y = build.transpose(_softmax(node, build, build.transpose(x, perm)), inverse(perm))
    if node.op == "LogSoftmax":
        if not build.graph.is_output(node.outputs[0]) or node.outputs[0].uses:
            raise refuse(node, "is not the last operator", "end the model with it, or use Softmax")
        y = build.node("table", y, function=("log", ("max", "x", _LEAST_PROBABILITY)))
    return y


def _softmax(node: Node, build: Builder, x: Value) -> Value:
    if x.shape[-1] > _LARGEST:
        raise refuse(
            node, f"runs over {x.shape[-1]} elements", f"take no more than {_LARGEST} classes"
        )
    return build.node("softmax", x)


def infer_shape(node: Node) -> Shape:
    return node.input(0).shape


def float_(node: Node, x: FloatArray) -> FloatArray:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    y: FloatArray = e / e.sum(axis=-1, keepdims=True)
    return y


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    output = s16(1 / 32768) if x.params.dtype == "s16" else s8(1 / 256, -128)
    return Quantized(softmax_attributes(1.0, x.scale), output, layer.compute(x.actual))


permuted = with_last_kept
