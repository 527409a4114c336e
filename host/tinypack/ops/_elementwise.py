"""What operators of two operands share: numpy broadcasting on shapes of equal rank."""

from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder


def operands(node: Node, build: Builder) -> tuple[Value, Value]:
    """Both inputs with as many axes as the output."""
    rank = len(node.outputs[0].shape)
    x, k = (_raised(value, rank, build) for value in (node.input(0), node.input(1)))
    return x, k


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
