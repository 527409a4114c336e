"""What operators of two operands share: numpy broadcasting on shapes of equal rank."""

from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder


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


def with_samples(node: Node, x: FloatArray, k: FloatArray) -> tuple[Any, Any]:
    """Arrays that numpy broadcasts sample by sample."""
    rank = len(node.output.shape)

    def raised(value: Value, array: FloatArray) -> FloatArray:
        ones = (1,) * (rank - value.rank)
        if value.is_constant:
            return array.reshape(1, *ones, *array.shape)
        return array.reshape(len(array), *ones, *array.shape[1:])

    return raised(node.input(0), x), raised(node.input(1), k)
