"""max_pool_2d: maximum over a sliding window."""

import numpy as np

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, refuse
from ._layer import Layer, Quantized, activation
from ._window import onnx_window, output_shape, padded, taps

KEEPS_SCALE = True
ONNX = ("MaxPool",)


def legalize(node: Node, build: Builder) -> Value | None:
    check_dilations(node)
    window = onnx_window(node, node.attrs["kernel_shape"])
    images = build.to_nhwc(node.input(0))
    if not window.touches(images.shape):
        raise refuse(node, "has windows that see padding only", "pad by less than the window")
    attrs = window.attrs(kernel=True, dilation=False)
    return build.to_nchw(build.node("max_pool_2d", images, **attrs))


def check_dilations(node: Node) -> None:
    if any(dilation != 1 for dilation in node.attrs.get("dilations", [])):
        raise refuse(node, "has dilations", "pool without dilations")


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
