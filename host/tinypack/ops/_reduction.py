"""What operators that reduce over axes share."""

from collections.abc import Sequence
from math import prod
from typing import Any

from ..ir import Node, Shape, Value
from ._build import Builder, argument, normalized_axes, refuse


def onnx_axes(node: Node) -> tuple[int, ...]:
    """Of an ONNX reduction; all axes if none is given, none if it says that this means none."""
    rank = node.input(0).rank
    given = argument(node, "axes", 1, [])
    if not given and node.attrs.get("noop_with_empty_axes", 0):
        return ()
    return normalized_axes(given or list(range(rank)), rank)


def reduce(build: Builder, op: str, x: Value, axes: Sequence[int], **attrs: Any) -> Value:
    """`op` over axes that stay with size 1."""
    kept = [axis for axis in range(x.rank) if axis not in axes]
    shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
    if len(kept) == x.rank:
        return x
    if x.rank <= 4:
        return build.node(op, x, axes=tuple(axes), **attrs)
    # As rows of what is reduced: kernels see four axes
    rows = build.transpose(x, (*kept, *axes))
    flat = build.reshape(rows, (prod(shape), prod(x.shape) // prod(shape)))
    return build.reshape(build.node(op, flat, axes=(1,), **attrs), shape)


def infer_shape(node: Node) -> Shape:
    axes = node.attrs["axes"]
    return tuple(1 if i in axes else size for i, size in enumerate(node.input(0).shape))


def attributes(node: Node) -> dict[str, int]:
    """Bits of the NHWC view."""
    axes, shape = node.attrs["axes"], node.input(0).shape
    rank = len(shape)
    front = [axis in axes for axis in range(rank - 3) if shape[axis] != 1]
    if any(front) and not all(front):
        raise refuse(node, f"reduces axes {axes} of {rank}", "use four at most")
    bits = 0
    for axis in axes:
        bits |= 1 << max(0, 4 - rank + axis)
    return {"axes": bits}


def permuted(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    return {"axes": tuple(sorted(perm[axis] for axis in node.attrs["axes"]))}
