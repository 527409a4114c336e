"""conv_2d: convolution over one or two axes, dense or in groups."""

import numpy as np

from ..ir import Array, FloatArray, Node, Shape, Value
from ._build import Builder, constant_input, refuse
from ._depth import depth_as_channels, taps_as_channels
from ._layer import Layer, Quantized
from ._linear import quantize_window
from ._window import Axis, Window, onnx_axes, onnx_window, output_shape, padded, taps

ONNX = ("Conv",)

# Columns of the matrix product that are gathered at a time, in float32 elements.
_COLUMNS = 1 << 22


def legalize(node: Node, build: Builder) -> Value | None:
    x, group = node.input(0), node.attrs.get("group", 1)
    weights = constant_input(node, 1, "weights")
    # Shape inference does not look at channels.
    if (taken := weights.shape[1] * group) != x.shape[1]:
        raise refuse(
            node,
            f"has weights for {taken} channels but its input {x.shape} has {x.shape[1]}",
            "give the input the shape that the model was trained with",
        )
    if x.rank == 5:
        return _over_volume(node, build, x, weights)
    if x.rank not in (3, 4):
        raise refuse(node, f"slides over {x.rank - 2} axes", "use three at most")
    if group > 1 and weights.shape[1] == 1:
        return None  # depthwise
    return convolution("conv_2d", node, build, x, oihw_to_ohwi(weights))


def _over_volume(node: Node, build: Builder, x: Value, weights: Array) -> Value:
    """[n, c, d, h, w]"""
    if node.attrs.get("group", 1) > 1:
        raise refuse(node, "slides over three axes in groups", "use one group")
    depth, h, w = onnx_axes(node, weights.shape[2:])
    images = depth_as_channels(build, build.to_nhwc(x), depth)
    y = _slid(
        "conv_2d", node, build, images, Window(h, w), oihw_to_ohwi(taps_as_channels(weights))
    )
    return build.to_nchw(build.reshape(y, (x.shape[0], y.shape[0] // x.shape[0], *y.shape[1:])))


def oihw_to_ohwi(weights: Array) -> Array:
    """Also for one axis: [o, i, w] becomes [o, 1, w, i]."""
    if weights.ndim == 3:
        weights = weights[:, :, None]
    result: Array = weights.transpose(0, 2, 3, 1)
    return result


def convolution(op: str, node: Node, build: Builder, x: Value, weights: Array) -> Value:
    """The operator `op` for an ONNX Conv, between changes of layout."""
    sizes = weights.shape[1:3] if len(x.shape) == 4 else weights.shape[2:3]
    window = onnx_window(node, sizes)
    return build.to_nchw(_slid(op, node, build, build.to_nhwc(x), window, weights))


def _slid(
    op: str, node: Node, build: Builder, images: Value, window: Window, weights: Array
) -> Value:
    if not window.touches(images.shape):
        images, window = pad_apart(build, images, window)
    has_bias = len(node.inputs) > 2 and node.inputs[2] is not None
    bias = constant_input(node, 2, "bias") if has_bias else np.zeros(len(weights))
    return build.node(
        op,
        images,
        build.constant(weights, "weights"),
        build.constant(bias.reshape(-1), "bias"),
        **window.attrs(kernel=False, dilation=True),
    )


def pad_apart(build: Builder, x: Value, window: Window) -> tuple[Value, Window]:
    """The padding as an operator of its own."""
    h, w = window.h, window.w
    before = (0, h.before, w.before, 0) if x.rank == 4 else (0, w.before, 0)
    after = (0, h.after, w.after, 0) if x.rank == 4 else (0, w.after, 0)
    bare = Window(
        Axis(h.kernel, h.stride, dilation=h.dilation),
        Axis(w.kernel, w.stride, dilation=w.dilation),
    )
    return build.node("pad", x, before=before, after=after, value=0.0), bare


def infer_shape(node: Node) -> Shape:
    return output_shape(node, node.input(1).shape[0])


def float_(node: Node, x: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    seen = taps(padded(x, node, 0.0), node)
    return product(seen, weights, bias).reshape(len(x), *node.output.shape)


def product(seen: list[FloatArray], weights: FloatArray, bias: FloatArray) -> FloatArray:
    """Weights [oc, kh, kw, c / groups] times what each tap sees, [images, oh, ow, c]."""
    images, oh, ow, channels = seen[0].shape
    groups = channels // weights.shape[-1]
    y = np.empty((images, oh, ow, len(weights)), np.float32)
    width, out = weights.shape[-1], len(weights) // groups
    step = max(1, _COLUMNS // (oh * ow * len(seen) * channels))
    for start in range(0, images, step):
        some = [tap[start : start + step] for tap in seen]
        for g in range(groups):
            columns = np.concatenate([tap[..., g * width : (g + 1) * width] for tap in some], -1)
            matrix = weights[g * out : (g + 1) * out].reshape(out, -1).T
            y[start : start + step, ..., g * out : (g + 1) * out] = columns @ matrix
    y += bias
    return y


def quantize(layer: Layer) -> Quantized:
    x, weights, _ = layer.operands
    return quantize_window(layer, groups=x.exact.shape[-1] // weights.exact.shape[-1])
