"""max_pool_2d: maximum over a sliding window."""

import numpy as np

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder
from ._layer import Layer, Quantized, activation
from ._pool import legalize_pool
from ._window import output_shape, padded, taps

KEEPS_SCALE = True
ONNX = ("MaxPool",)


def legalize(node: Node, build: Builder) -> Value | None:
    return legalize_pool(node, build, "max_pool_2d", node.input(0))


def infer_shape(node: Node) -> Shape:
    return output_shape(node, nhwc_view(node.input(0).shape)[3])


def float_(node: Node, x: FloatArray) -> FloatArray:
    seen = taps(padded(x, node, -np.inf), node)
    y = seen[0].copy()
    for tap in seen[1:]:
        np.maximum(y, tap, out=y)
    result: FloatArray = y.reshape(len(x), *node.output.shape)
    return result


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    attrs = activation(layer.node, x.params)
    return Quantized(attrs, x.params, layer.compute(x.actual))
