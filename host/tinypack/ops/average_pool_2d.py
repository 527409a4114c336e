"""average_pool_2d: mean over a sliding window."""

from math import prod

import numpy as np

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder
from ._layer import Layer, Quantized, activation, rescale
from ._pool import legalize_pool
from ._window import output_shape, padded, taps, window_of

ONNX = ("AveragePool", "LpPool")


def legalize(node: Node, build: Builder) -> Value | None:
    if node.op == "AveragePool":
        count = 2 if node.attrs.get("count_include_pad", 0) else 0
        return legalize_pool(node, build, "average_pool_2d", node.input(0), count)
    # LpPool: the root of a sum of powers
    power = float(node.attrs.get("p", 2))
    count = prod(node.attrs["kernel_shape"])
    x = build.node("table", node.input(0), function=("pow", ("abs", "x"), power))
    mean = legalize_pool(node, build, "average_pool_2d", x, count_include_pad=1)
    root = ("pow", ("mul", "x", float(count)), 1 / power)
    return build.node("table", mean, function=root)


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
