"""Parts of a tensor: slices and gathers, whichever an axis needs."""

from collections.abc import Sequence

import numpy as np

from ..ir import Node, Shape, Value
from ._build import Builder, refuse

# Axes that the operators which look at each of them have.
AXES = 6

# First index, step, and how many: a step of 0 repeats one index.
View = tuple[int, int, int]


def right_aligned(node: Node, axis: int) -> int:
    """An axis among AXES."""
    rank = node.output.rank
    if rank > AXES:
        raise refuse(node, f"has {rank} axes", f"use no more than {AXES}")
    return axis + AXES - rank


def view(build: Builder, x: Value, views: Sequence[View]) -> Value:
    """One View for each axis."""
    if all(v == (0, 1, size) for v, size in zip(views, x.shape, strict=True)):
        return x
    begin, step, size = (tuple(v[i] for v in views) for i in range(3))
    return build.node("slice", x, begin=begin, step=step, size=size)


def whole(shape: Shape) -> list[View]:
    """The views that take everything."""
    return [(0, 1, size) for size in shape]


def take(build: Builder, x: Value, axis: int, indices: Sequence[int]) -> Value:
    """The given indices of an axis, as a slice if they are evenly apart."""
    steps = np.diff(indices)
    if len(indices) == 1 or (steps == steps[0]).all():
        views = whole(x.shape)
        step = int(steps[0]) if len(indices) > 1 else 1
        views[axis] = int(indices[0]), step, len(indices)
        return view(build, x, views)
    return build.node("gather", x, axis=axis, indices=tuple(int(i) for i in indices))
