"""depthwise_conv_2d: each output channel looks at one input channel."""

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, constant_input
from ._layer import Layer, Quantized
from ._linear import quantize_window
from ._window import output_shape, padded, taps
from .conv_2d import convolution, oihw_to_ohwi

ONNX = ("Conv",)


def legalize(node: Node, build: Builder) -> Value | None:
    weights = constant_input(node, 1, "weights")
    return convolution("depthwise_conv_2d", node, build, node.input(0), oihw_to_ohwi(weights))


def infer_shape(node: Node) -> Shape:
    return output_shape(node, node.input(1).shape[0])


def float_(node: Node, x: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    images = padded(x, node, 0.0)
    multiplier = len(weights) // images.shape[-1]
    if multiplier > 1:
        images = np.repeat(images, multiplier, axis=-1)
    kernel = weights.reshape(len(weights), -1).T
    y: FloatArray | None = None
    for tap, weight in zip(taps(images, node), kernel, strict=True):
        y = tap * weight if y is None else np.add(y, tap * weight, out=y)
    assert y is not None
    y += bias
    return y.reshape(len(x), *node.output.shape)


def quantize(layer: Layer) -> Quantized:
    return quantize_window(layer, groups=layer.operands[0].exact.shape[-1])
