"""max_pool_2d: maximum over a sliding window."""

from math import prod

import numpy as np

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, argument, normalized_axes, refuse
from ._layer import Layer, Quantized, activation
from ._window import onnx_window, output_shape, padded, taps

KEEPS_SCALE = True
ONNX = ("MaxPool", "GlobalMaxPool", "ReduceMax")


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    if node.op == "MaxPool":
        check_dilations(node)
        window = onnx_window(node, node.attrs["kernel_shape"])
        images = build.to_nhwc(x)
        if not window.touches(images.shape):
            raise refuse(node, "has windows that see padding only", "pad by less than the window")
        attrs = window.attrs(kernel=True, dilation=False)
        return build.to_nchw(build.node("max_pool_2d", images, **attrs))
    axes = tuple(range(2, x.rank))
    if node.op == "ReduceMax":
        given = argument(node, "axes", 1, [])
        if not given and node.attrs.get("noop_with_empty_axes", 0):
            return build.reshape(x, x.shape)
        axes = normalized_axes(given or list(range(x.rank)), x.rank)
    if x.rank in (3, 4) and axes == tuple(range(2, x.rank)):
        y = build.to_nchw(_maximum(build, build.to_nhwc(x)))
    else:
        # As rows of what is compared
        kept = [axis for axis in range(x.rank) if axis not in axes]
        rows = build.transpose(x, (*kept, *axes))
        count = prod(x.shape[axis] for axis in axes)
        y = _maximum(build, build.reshape(rows, (prod(x.shape) // count, count, 1)), height=1)
    return build.reshape(y, node.outputs[0].shape)


def _maximum(build: Builder, x: Value, height: int | None = None) -> Value:
    _, h, w, _ = nhwc_view(x.shape)
    h = height or h
    return build.node("max_pool_2d", x, kernel_h=h, kernel_w=w, stride_h=h, stride_w=w)


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
