"""What operators of two operands share: numpy broadcasting on shapes of equal rank."""

from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, refuse


def operands(node: Node, build: Builder) -> tuple[Value, Value]:
    """Both inputs with as many axes as the output."""
    rank = len(node.outputs[0].shape)
    k = node.input(1)
    if (axis := node.attrs.get("axis")) is not None:  # opset 6: where the axes of k stand
        k = build.reshape(k, k.shape + (1,) * (rank - axis % rank - k.rank))
    return of_equal_rank(node.input(0), k, build)


def of_equal_rank(x: Value, k: Value, build: Builder) -> tuple[Value, Value]:
    rank = max(x.rank, k.rank)
    return _raised(x, rank, build), _raised(k, rank, build)


def _raised(value: Value, rank: int, build: Builder) -> Value:
    return build.reshape(value, (1,) * (rank - value.rank) + value.shape)


def infer_shape(node: Node) -> Shape:
    return np.broadcast_shapes(node.input(0).shape, node.input(1).shape)


def attributes(node: Node) -> dict[str, int]:
    """Checks that the NHWC views broadcast as well: axes in front of h are one there."""
    whole = nhwc_view(node.output.shape)
    for value in (node.input(0), node.input(1)):
        sizes = zip(nhwc_view(value.shape), whole, strict=True)
        if any(size not in (1, full) for size, full in sizes):
            raise refuse(
                node,
                f"broadcasts {value.shape} to {node.output.shape}",
                "use four axes at most",
            )
    return {}


def with_samples(node: Node, x: FloatArray, k: FloatArray) -> tuple[Any, Any]:
    """Arrays that numpy broadcasts sample by sample."""
    rank = max(node.input(0).rank, node.input(1).rank)

    def raised(value: Value, array: FloatArray) -> FloatArray:
        ones = (1,) * (rank - value.rank)
        if value.is_constant:
            return array.reshape(1, *ones, *array.shape)
        return array.reshape(len(array), *ones, *array.shape[1:])

    return raised(node.input(0), x), raised(node.input(1), k)
