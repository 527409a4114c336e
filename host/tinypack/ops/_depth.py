"""Convolutions over three axes as ones over two: the taps in depth become input channels."""

from math import prod

from ..ir import Array, Value
from ._build import Builder
from ._views import view, whole
from ._window import Axis
from .concat import join


def depth_as_channels(build: Builder, x: Value, axis: Axis) -> Value:
    """[n, d, h, w, c] to images [n * outputs in depth, h, w, taps * c]."""
    if axis.before or axis.after:
        # pad knows four axes.
        n, d, *image = x.shape
        flat = build.reshape(x, (n, d, prod(image)))
        before, after = (0, axis.before, 0), (0, axis.after, 0)
        flat = build.node("pad", flat, before=before, after=after, value=0.0)
        x = build.reshape(flat, (n, flat.shape[1], *image))
    count = (x.shape[1] - axis.reach) // axis.stride + 1
    parts = []
    for tap in range(axis.kernel):
        views = whole(x.shape)
        views[1] = (tap * axis.dilation, axis.stride, count)
        parts.append(view(build, x, views))
    joined = join(build, parts, 4)
    return build.reshape(joined, (joined.shape[0] * count, *joined.shape[2:]))


def taps_as_channels(weights: Array) -> Array:
    """[o, i, d, h, w] to [o, d * i, h, w]."""
    o, i, d, h, w = weights.shape
    result: Array = weights.transpose(0, 2, 1, 3, 4).reshape(o, d * i, h, w)
    return result
