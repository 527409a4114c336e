"""Where a window slides: attributes that convolutions and pools share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, nhwc_view
from ._build import refuse, shape_of


@dataclass(frozen=True)
class Axis:
    """One direction: taps, step, padding on both sides, distance of taps."""

    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1

    @property
    def reach(self) -> int:
        return (self.kernel - 1) * self.dilation + 1

    def outputs(self, size: int) -> int:
        return (size + self.before + self.after - self.reach) // self.stride + 1


@dataclass(frozen=True)
class Window:
    h: Axis
    w: Axis

    def outputs(self, shape: Shape) -> tuple[int, int]:
        _, h, w, _ = nhwc_view(shape)
        return self.h.outputs(h), self.w.outputs(w)

    def attrs(self, kernel: bool, dilation: bool) -> dict[str, Any]:
        h, w = self.h, self.w
        attrs = {"kernel_h": h.kernel, "kernel_w": w.kernel} if kernel else {}
        attrs |= {"stride_h": h.stride, "stride_w": w.stride}
        attrs |= {"pad_top": h.before, "pad_left": w.before}
        attrs |= {"pad_bottom": h.after, "pad_right": w.after}
        return attrs | ({"dilation_h": h.dilation, "dilation_w": w.dilation} if dilation else {})

    def touches(self, shape: Shape) -> bool:
        """Whether every window sees a part of the input, which SPEC.md asks for."""
        sizes = nhwc_view(shape)[1:3]
        return all(
            axis.before < axis.reach
            and (axis.outputs(size) - 1) * axis.stride - axis.before < size
            for axis, size in zip((self.h, self.w), sizes, strict=True)
        )

    @property
    def is_padded(self) -> bool:
        return any((self.h.before, self.h.after, self.w.before, self.w.after))


def window_of(node: Node) -> Window:
    """Of a legal node."""
    a = node.attrs
    kernel = (a["kernel_h"], a["kernel_w"]) if "kernel_h" in a else node.input(1).shape[1:3]
    return Window(
        Axis(
            kernel[0],
            a.get("stride_h", 1),
            a.get("pad_top", 0),
            a.get("pad_bottom", 0),
            a.get("dilation_h", 1),
        ),
        Axis(
            kernel[1],
            a.get("stride_w", 1),
            a.get("pad_left", 0),
            a.get("pad_right", 0),
            a.get("dilation_w", 1),
        ),
    )


def onnx_window(node: Node, kernel: Sequence[int]) -> Window:
    """Of an ONNX convolution or pool whose input 0 is NCW or NCHW; NCW slides in w alone."""
    axes = onnx_axes(node, kernel)
    if len(axes) not in (1, 2):
        raise refuse(node, f"slides over {len(axes)} axes", "use one- or two-dimensional layers")
    return Window(axes[0] if len(axes) == 2 else Axis(1), axes[-1])


def onnx_axes(node: Node, kernel: Sequence[int]) -> list[Axis]:
    """The spatial axes of an ONNX convolution or pool."""
    sizes = node.input(0).shape[2:]
    count = len(sizes)
    strides = node.attrs.get("strides", [1] * count)
    dilations = node.attrs.get("dilations", [1] * count)
    pads = node.attrs.get("pads", [0] * 2 * count)
    auto_pad = node.attrs.get("auto_pad", "NOTSET")
    axes = []
    for i, size in enumerate(sizes):
        axis = Axis(kernel[i], strides[i], pads[i], pads[count + i], dilations[i])
        if auto_pad in ("SAME_UPPER", "SAME_LOWER"):
            axis = _same(axis, size, auto_pad == "SAME_UPPER")
        elif auto_pad == "VALID":
            axis = Axis(axis.kernel, axis.stride, 0, 0, axis.dilation)
        if min(axis.before, axis.after) < 0:
            raise refuse(node, "has negative padding", "slice the input instead")
        # The output's size is the source's word: ceil_mode may add a window at the end.
        missing = (node.outputs[0].shape[2 + i] - 1) * axis.stride + axis.reach
        missing -= size + axis.before + axis.after
        if missing > 0:
            axis = Axis(axis.kernel, axis.stride, axis.before, axis.after + missing, axis.dilation)
        axes.append(axis)
    return axes


def _same(axis: Axis, size: int, upper: bool) -> Axis:
    total = max((-(-size // axis.stride) - 1) * axis.stride + axis.reach - size, 0)
    less, more = total // 2, total - total // 2
    before, after = (less, more) if upper else (more, less)
    return Axis(axis.kernel, axis.stride, before, after, axis.dilation)


def output_shape(node: Node, channels: int) -> Shape:
    x = node.input(0)
    n = nhwc_view(x.shape)[0]
    oh, ow = window_of(node).outputs(x.shape)
    return shape_of((n, oh, ow, channels), x.shape)


def padded(x: FloatArray, node: Node, value: float) -> FloatArray:
    """Samples as [n, h, w, c] images with the window's border around them."""
    window = window_of(node)
    images = x.reshape(-1, *nhwc_view(node.input(0).shape)[1:])
    if not window.is_padded:
        return images
    borders = (0, 0), (window.h.before, window.h.after), (window.w.before, window.w.after), (0, 0)
    result: FloatArray = np.pad(images, borders, constant_values=np.float32(value))
    return result


def taps(x: FloatArray, node: Node) -> list[FloatArray]:
    """Per tap of the window, row by row, what it sees at each output position: views of x."""
    window = window_of(node)
    oh, ow = window.outputs(node.input(0).shape)
    return [
        x[
            :,
            ky * window.h.dilation :: window.h.stride,
            kx * window.w.dilation :: window.w.stride,
        ][:, :oh, :ow]
        for ky in range(window.h.kernel)
        for kx in range(window.w.kernel)
    ]
