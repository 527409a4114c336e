"""average_pool_2d: mean over a sliding window."""

import numpy as np

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, refuse
from ._layer import Layer, Quantized, activation, rescale
from ._window import onnx_window, output_shape, padded, taps, window_of
from .max_pool_2d import check_dilations

ONNX = ("AveragePool",)


def legalize(node: Node, build: Builder) -> Value | None:
    check_dilations(node)
    images = build.to_nhwc(node.input(0))
    window = onnx_window(node, node.attrs["kernel_shape"])
    include_pad = node.attrs.get("count_include_pad", 0) if window.is_padded else 0
    if include_pad and node.attrs.get("ceil_mode", 0):
        raise refuse(
            node,
            "counts its padding and rounds its size up",
            "set ceil_mode or count_include_pad to 0",
        )
    if not window.touches(images.shape):
        raise refuse(node, "has windows that see padding only", "pad by less than the window")
    attrs = window.attrs(kernel=True, dilation=False)
    return build.to_nchw(
        build.node("average_pool_2d", images, **attrs, count_include_pad=include_pad)
    )


def infer_shape(node: Node) -> Shape:
    return output_shape(node, nhwc_view(node.input(0).shape)[3])


def float_(node: Node, x: FloatArray) -> FloatArray:
    total = _sum(taps(padded(x, node, 0.0), node))
    window = window_of(node)
    count: FloatArray = np.array(window.h.kernel * window.w.kernel, np.float32)
    if not node.attrs.get("count_include_pad", 0):
        count = _sum(taps(padded(np.ones_like(x[:1]), node, 0.0), node))[:1]
    y: FloatArray = (total / count).reshape(len(x), *node.output.shape)
    return y


def _sum(seen: list[FloatArray]) -> FloatArray:
    total = seen[0].copy()
    for tap in seen[1:]:
        total = np.add(total, tap, out=total)
    return np.asarray(total, np.float32)


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    node = layer.node
    window = window_of(node)
    actual = layer.compute(x.actual)
    if window.is_padded and not node.attrs.get("count_include_pad"):
        # The number of inputs varies from pixel to pixel: TFLite's mean, at the input's scale.
        return Quantized(activation(node, x.params), x.params, actual)
    output = layer.own()
    count = window.h.kernel * window.w.kernel
    attrs = rescale(x.scale / (output.scale[0] * count)) | activation(node, output)
    return Quantized(attrs, output, actual)
