"""max_pool_2d: maximum over a sliding window."""

import numpy as np

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, argument, normalized_axes, refuse
from ._layer import Layer, Quantized, activation
from ._window import onnx_window, output_shape, padded, taps

ONNX = ("MaxPool", "GlobalMaxPool", "ReduceMax")


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    if node.op == "MaxPool":
        check_dilations(node)
        if len(node.outputs) > 1 and node.outputs[1].uses:
            raise refuse(node, "also gives indices", "use its values only")
        window = onnx_window(node, node.attrs["kernel_shape"])
        images = build.to_nhwc(x)
        if not window.touches(images.shape):
            raise refuse(node, "has windows that see padding only", "pad by less than the window")
        attrs = window.attrs(kernel=True, dilation=False)
        return build.to_nchw(build.node("max_pool_2d", images, **attrs))
    spatial = tuple(range(2, x.rank))
    axes = spatial
    if node.op == "ReduceMax":
        axes = normalized_axes(argument(node, "axes", 1, list(range(x.rank))), x.rank)
    if x.rank not in (3, 4) or axes != spatial:
        raise refuse(node, f"takes the maximum over axes {axes} of {x.rank}", "pool over h and w")
    images = build.to_nhwc(x)
    _, h, w, _ = nhwc_view(images.shape)
    y = build.node("max_pool_2d", images, kernel_h=h, kernel_w=w, stride_h=1, stride_w=1)
    return build.reshape(build.to_nchw(y), node.outputs[0].shape)


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
