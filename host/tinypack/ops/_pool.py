"""Pools of ONNX over one, two or three axes as ones over two."""

from dataclasses import replace
from math import prod
from typing import Any

from ..ir import Node, Value
from ._build import Builder, refuse
from ._window import Axis, Window, onnx_axes


def legalize_pool(
    node: Node, build: Builder, op: str, x: Value, count_include_pad: int = 0
) -> Value:
    """Over x in the place of the node's input.

    `count_include_pad` 1: whatever the window reaches counts; 2: padding counts, but not what
    ceil_mode adds behind it.
    """
    axes = onnx_axes(node, node.attrs["kernel_shape"])
    if len(axes) > 3:
        raise refuse(node, f"slides over {len(axes)} axes", "use three at most")
    x = build.to_nhwc(x)
    added = _added(node, axes) if count_include_pad == 2 else [0] * len(axes)
    slide = _Slide(node, build, op, count_include_pad)
    if len(axes) == 1:
        return build.to_nchw(slide(x, Axis(1), axes[0], (0, added[0])))
    if len(axes) == 2:
        return build.to_nchw(slide(x, axes[0], axes[1], (added[0], added[1])))
    n, d, *image = x.shape
    y = slide(build.reshape(x, (n * d, *image)), axes[1], axes[2], (added[1], added[2]))
    pixels, c = prod(y.shape[1:3]), y.shape[3]
    across = build.reshape(y, (n, d, pixels, c))
    deep = slide(across, axes[0], Axis(1), (added[0], 0))
    return build.to_nchw(build.reshape(deep, (n, deep.shape[1], *y.shape[1:])))


def _added(node: Node, axes: list[Axis]) -> list[int]:
    """How far ceil_mode reaches beyond the padding."""
    if not node.attrs.get("ceil_mode", 0):
        return [0] * len(axes)
    pads = node.attrs.get("pads", [0] * 2 * len(axes))
    return [axis.after - pads[len(axes) + i] for i, axis in enumerate(axes)]


class _Slide:
    """One pool over h and w."""

    def __init__(self, node: Node, build: Builder, op: str, count_include_pad: int) -> None:
        self.node, self.build, self.op = node, build, op
        self.count_include_pad = count_include_pad

    def __call__(self, x: Value, h: Axis, w: Axis, added: tuple[int, int]) -> Value:
        count = self.count_include_pad
        if any(added):
            before = (0,) * (x.rank - 3) + (h.before, w.before, 0)
            after = (0,) * (x.rank - 3) + (h.after - added[0], w.after - added[1], 0)
            x = self.build.node("pad", x, before=before, after=after, value=0.0)
            h, w = (
                replace(axis, before=0, after=more)
                for axis, more in zip((h, w), added, strict=True)
            )
            count = 0
        window = Window(h, w)
        if not window.touches(x.shape):
            raise refuse(
                self.node, "has windows that see padding only", "pad by less than the window"
            )
        attrs: dict[str, Any] = window.attrs(kernel=True, dilation=h.dilation * w.dilation > 1)
        if self.op == "average_pool_2d":
            attrs["count_include_pad"] = int(count > 0 and window.is_padded)
        return self.build.node(self.op, x, **attrs)
