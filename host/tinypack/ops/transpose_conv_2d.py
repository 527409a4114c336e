"""transpose_conv_2d: each input pixel adds its multiple of the kernel to the output."""

import numpy as np
from numpy.typing import NDArray

from ..ir import Array, FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, constant_input, refuse, shape_of
from ._layer import Layer, Quantized
from ._linear import quantize_linear
from .conv_2d import product

ONNX = ("ConvTranspose",)


def legalize(node: Node, build: Builder) -> Value | None:
    x, group = node.input(0), node.attrs.get("group", 1)
    if x.rank not in (3, 4):
        raise refuse(node, f"slides over {x.rank - 2} axes", "use 1-D or 2-D convolutions")
    weights = _spread(_iohw_to_ohwi(constant_input(node, 1, "weights"), group), node)
    attrs: dict[str, int] = {}
    sides = (("h", "pad_top", "pad_bottom"), ("w", "pad_left", "pad_right"))[4 - x.rank :]
    for i, (name, first, last) in enumerate(sides):
        stride = node.attrs.get("strides", [1, 1])[i]
        before, after = _pads(node, i, stride, weights.shape[3 - len(sides) + i])
        if before < 0 or after < 1 - stride:
            raise refuse(node, "gives more than its taps reach", "pad its output instead")
        attrs |= {f"stride_{name}": stride, first: before, last: after}
    has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    bias = constant_input(node, 2, "bias") if has_bias else np.zeros(len(weights))
    y = build.node(
        "transpose_conv_2d",
        build.to_nhwc(x),
        build.constant(weights, "weights"),
        build.constant(bias.reshape(-1), "bias"),
        **attrs,
    )
    return build.to_nchw(y)


def _iohw_to_ohwi(weights: Array, groups: int) -> Array:
    """[c, oc / groups, h, w] to [oc, h, w, c / groups]; also for one axis."""
    if weights.ndim == 3:
        weights = weights[:, :, None]
    channels, of_group, h, w = weights.shape
    split = weights.reshape(groups, channels // groups, of_group, h, w)
    ohwi: Array = split.transpose(0, 2, 3, 4, 1).reshape(-1, h, w, channels // groups)
    return ohwi


def _spread(weights: Array, node: Node) -> Array:
    """Zeros between the taps of a dilated kernel."""
    distance = (1, 1, *node.attrs.get("dilations", ()))[-2:]
    sizes = [(n - 1) * d + 1 for n, d in zip(weights.shape[1:3], distance, strict=True)]
    wide = np.zeros((len(weights), *sizes, weights.shape[3]), weights.dtype)
    wide[:, :: distance[0], :: distance[1]] = weights
    return wide


def _pads(node: Node, i: int, stride: int, kernel: int) -> tuple[int, int]:
    """What is cut off at both ends of axis i; output_padding is less at the end."""
    count = node.input(0).rank - 2
    size, out = node.input(0).shape[2 + i], node.outputs[0].shape[2 + i]
    total = (size - 1) * stride + kernel - out
    auto_pad = node.attrs.get("auto_pad", "NOTSET")
    extra = node.attrs.get("output_padding", [0] * count)[i]
    if auto_pad == "NOTSET" and "output_shape" not in node.attrs:
        before = node.attrs.get("pads", [0] * 2 * count)[i]
    elif auto_pad == "VALID":
        before = 0
    else:
        whole = max(total + extra, 0)
        before = whole // 2 if auto_pad == "SAME_UPPER" else whole - whole // 2
    return before, total - before


def infer_shape(node: Node) -> Shape:
    shape = node.input(0).shape
    view = (nhwc_view(shape)[0], *_outputs(node), node.input(1).shape[0])
    # A vector is one pixel, which becomes an image.
    return shape_of(view, shape) if len(shape) > 2 else view


def _outputs(node: Node) -> tuple[int, int]:
    a = node.attrs
    _, h, w, _ = nhwc_view(node.input(0).shape)
    _, kernel_h, kernel_w, _ = node.input(1).shape
    oh = (h - 1) * a.get("stride_h", 1) + kernel_h - a.get("pad_top", 0) - a.get("pad_bottom", 0)
    ow = (w - 1) * a.get("stride_w", 1) + kernel_w - a.get("pad_left", 0) - a.get("pad_right", 0)
    return oh, ow


def _canvas(node: Node, x: FloatArray) -> FloatArray:
    """Samples as images with zeros between the pixels, on which the flipped kernel slides."""
    _, h, w, c = nhwc_view(node.input(0).shape)
    _, kernel_h, kernel_w, _ = node.input(1).shape
    oh, ow = _outputs(node)
    images = x.reshape(-1, h, w, c)
    canvas = np.zeros((len(images), oh + kernel_h - 1, ow + kernel_w - 1, c), np.float32)
    a = node.attrs
    rows = np.arange(h) * a.get("stride_h", 1) - a.get("pad_top", 0) + kernel_h - 1
    columns = np.arange(w) * a.get("stride_w", 1) - a.get("pad_left", 0) + kernel_w - 1
    in_h, in_w = (
        (rows >= 0) & (rows < canvas.shape[1]),
        (columns >= 0) & (columns < canvas.shape[2]),
    )
    canvas[:, rows[in_h][:, None], columns[in_w]] = images[:, in_h][:, :, in_w]
    return canvas


def float_(node: Node, x: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    canvas, (oh, ow) = _canvas(node, x), _outputs(node)
    _, tall, wide, _ = weights.shape
    seen = [
        canvas[:, ky : ky + oh, kx : kx + ow]
        for ky in range(tall - 1, -1, -1)
        for kx in range(wide - 1, -1, -1)
    ]
    return product(seen, weights, bias).reshape(len(x), *node.output.shape)


def quantize(layer: Layer) -> Quantized:
    node = layer.node
    oh, ow = _outputs(node)
    _, tall, wide, of_group = node.input(1).shape
    groups = node.input(0).shape[-1] // of_group

    def columns(x: FloatArray, picks: NDArray[np.int64]) -> FloatArray:
        canvas = _canvas(node, x)
        image, row, column = np.unravel_index(picks, (len(canvas), oh, ow))
        rows = row[:, None] + np.arange(tall)[::-1]
        cols = column[:, None] + np.arange(wide)[::-1]
        seen = canvas[image[:, None, None], rows[:, :, None], cols[:, None, :]]
        split = seen.reshape(len(picks), tall * wide, groups, -1)
        result: FloatArray = split.transpose(2, 0, 1, 3).reshape(groups, len(picks), -1)
        return result

    samples = layer.operands[0].exact
    count = len(samples) * nhwc_view(node.input(0).shape)[0] * oh * ow
    return quantize_linear(layer, groups, columns, count)
