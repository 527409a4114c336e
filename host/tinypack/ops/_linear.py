"""Quantization of the layers that multiply by constant weights."""

import numpy as np
from numpy.typing import NDArray

from ..ir import FloatArray, nhwc_view
from ._layer import Columns, Layer, Quantized, activation
from ._window import padded, window_of


def quantize_linear(layer: Layer, groups: int, columns: Columns, positions: int) -> Quantized:
    """Of a layer of x, weights and bias."""
    x, weights, bias = layer.operands
    shape = weights.exact.shape
    linear = layer.linear(
        weights.exact.reshape(groups, shape[0] // groups, -1).astype(np.float64),
        bias.exact.reshape(groups, -1).astype(np.float64),
        columns,
        positions,
    )
    output = layer.own()
    step = x.scale * linear.scale
    rounded = np.rint(linear.bias / step) * step
    actual = layer.compute(x.actual, linear.values(), rounded.astype(np.float32))
    attrs = activation(layer.node, output) | linear.wide()
    return Quantized(attrs, output, actual, linear)


def quantize_window(layer: Layer, groups: int) -> Quantized:
    """Of a layer whose weights [oc, kh, kw, …] slide over an image."""
    node = layer.node
    window = window_of(node)
    out_h, out_w = window.outputs(node.input(0).shape)
    tap_h = np.arange(window.h.kernel) * window.h.dilation
    tap_w = np.arange(window.w.kernel) * window.w.dilation

    def columns(x: FloatArray, picks: NDArray[np.int64]) -> FloatArray:
        images = padded(x, node, 0.0)
        image, row, column = np.unravel_index(picks, (len(images), out_h, out_w))
        rows = (row * window.h.stride)[:, None] + tap_h
        cols = (column * window.w.stride)[:, None] + tap_w
        seen = images[image[:, None, None], rows[:, :, None], cols[:, None, :]]
        split = seen.reshape(len(picks), len(tap_h) * len(tap_w), groups, -1)
        result: FloatArray = split.transpose(2, 0, 1, 3).reshape(groups, len(picks), -1)
        return result

    samples = layer.operands[0].exact
    count = len(samples) * nhwc_view(node.input(0).shape)[0] * out_h * out_w
    return quantize_linear(layer, groups, columns, count)
