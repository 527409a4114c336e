"""transpose_conv_2d: each input pixel adds its multiple of the kernel to the output."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..ir import Array, FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, constant_input, refuse, shape_of
from ._depth import depth_as_channels
from ._layer import Layer, Quantized
from ._linear import quantize_linear
from ._window import Axis
from .conv_2d import product

ONNX = ("ConvTranspose",)


def legalize(node: Node, build: Builder) -> Value | None:
    x, stored = node.input(0), constant_input(node, 1, "weights")
    if x.rank not in (3, 4, 5):
        raise refuse(node, f"slides over {x.rank - 2} axes", "use three at most")
    # Shape inference does not look at channels.
    if stored.shape[0] != x.shape[1]:
        raise refuse(
            node,
            f"has weights for {stored.shape[0]} channels but its input {x.shape} has {x.shape[1]}",
            "give the input the shape that the model was trained with",
        )
    spread = _spread(stored, node.attrs.get("dilations", [1] * (x.rank - 2)))
    axes = [_axis(node, i, kernel) for i, kernel in enumerate(spread.shape[2:])]
    weights, images = spread, build.to_nhwc(x)
    if x.rank == 5:
        images, weights = _volume(node, build, images, weights, axes.pop(0))
    sides = (("h", "pad_top", "pad_bottom"), ("w", "pad_left", "pad_right"))[-len(axes) :]
    attrs: dict[str, int] = {}
    for (name, first, last), axis in zip(sides, axes, strict=True):
        attrs |= {f"stride_{name}": axis.stride, first: axis.before, last: axis.after}
    weights = _iohw_to_ohwi(weights, node.attrs.get("group", 1))
    has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    bias = constant_input(node, 2, "bias") if has_bias else np.zeros(len(weights))
    y = build.node(
        "transpose_conv_2d",
        images,
        build.constant(weights, "weights"),
        build.constant(bias.reshape(-1), "bias"),
        **attrs,
    )
    if x.rank == 5:
        y = build.reshape(y, (x.shape[0], y.shape[0] // x.shape[0], *y.shape[1:]))
    return build.to_nchw(y)


def _volume(
    node: Node, build: Builder, x: Value, weights: Array, axis: Axis
) -> tuple[Value, Array]:
    """In depth, with steps of one, it is a convolution with the flipped kernel."""
    if axis.stride > 1 or node.attrs.get("group", 1) > 1:
        raise refuse(node, "has groups or steps in depth", "use one group and a step of 1")
    if max(axis.before, axis.after) > axis.kernel - 1:
        raise refuse(node, "is cut by more than its kernel", "slice its output instead")
    flipped = Axis(
        axis.kernel, before=axis.kernel - 1 - axis.before, after=axis.kernel - 1 - axis.after
    )
    i, o, d, h, w = weights.shape
    of_channels = weights[:, :, ::-1].transpose(2, 0, 1, 3, 4).reshape(d * i, o, h, w)
    return depth_as_channels(build, x, flipped), of_channels


def _iohw_to_ohwi(weights: Array, groups: int) -> Array:
    """[c, oc / groups, h, w] to [oc, h, w, c / groups]; also for one axis."""
    if weights.ndim == 3:
        weights = weights[:, :, None]
    channels, of_group, h, w = weights.shape
    split = weights.reshape(groups, channels // groups, of_group, h, w)
    ohwi: Array = split.transpose(0, 2, 3, 4, 1).reshape(-1, h, w, channels // groups)
    return ohwi


def _spread(weights: Array, dilations: Sequence[int]) -> Array:
    """Zeros between the taps of a dilated kernel, whose axes begin at 2."""
    sizes = [(n - 1) * d + 1 for n, d in zip(weights.shape[2:], dilations, strict=True)]
    wide = np.zeros((*weights.shape[:2], *sizes), weights.dtype)
    taps = tuple(slice(None, None, step) for step in (1, 1, *dilations))
    wide[taps] = weights
    return wide


def _axis(node: Node, i: int, kernel: int) -> Axis:
    """Spatial axis i; `before` and `after` is what is cut off, and output_padding less of it."""
    count = node.input(0).rank - 2
    size, out = node.input(0).shape[2 + i], node.outputs[0].shape[2 + i]
    stride = node.attrs.get("strides", [1] * count)[i]
    total = (size - 1) * stride + kernel - out
    auto_pad = node.attrs.get("auto_pad", "NOTSET")
    if auto_pad == "NOTSET" and "output_shape" not in node.attrs:
        before = node.attrs.get("pads", [0] * 2 * count)[i]
    elif auto_pad == "VALID":
        before = 0
    else:
        whole = max(total + node.attrs.get("output_padding", [0] * count)[i], 0)
        before = whole // 2 if auto_pad == "SAME_UPPER" else whole - whole // 2
    if before < 0 or total - before < 1 - stride:
        raise refuse(node, "gives more than its taps reach", "pad its output instead")
    return Axis(kernel, stride, before, total - before)


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
