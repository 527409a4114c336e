"""Adds operators of ops.def in front of a node, and reads what ONNX nodes say."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import PackError
from ..ir import Array, Graph, Node, Shape, Value, constant


class Builder:
    """New nodes stand before `node`, carry its name and have names derived from its output."""

    def __init__(self, graph: Graph, node: Node, opset: int = 0) -> None:
        self.graph = graph
        self.before = node
        self.opset = opset

    def node(self, op: str, *inputs: Value, **attrs: Any) -> Value:
        from . import infer_shape

        output = Value(self._fresh(op), ())
        node = Node(op, inputs, [output], attrs, self.before.name)
        output.shape = infer_shape(node)
        return self.graph.insert(node, self.before).output

    def constant(self, array: Array, purpose: str) -> Value:
        return constant(self._fresh(purpose), np.asarray(array, np.float32))

    def reshape(self, x: Value, shape: Sequence[int]) -> Value:
        if x.is_constant:
            return self.constant(x.data.reshape(shape), "reshape")
        return x if x.shape == tuple(shape) else self._reshaped(x, shape)

    def copy(self, x: Value) -> Value:
        """The same as a value of its own, for an output that is also something else."""
        return self._reshaped(x, x.shape)

    def _reshaped(self, x: Value, shape: Sequence[int]) -> Value:
        output = Value(self._fresh("reshape"), shape)
        node = Node("reshape", [x], [output], {}, self.before.name)
        return self.graph.insert(node, self.before).output

    def transpose(self, x: Value, perm: Sequence[int]) -> Value:
        if x.is_constant:
            return self.constant(x.data.transpose(perm), "transpose")
        if tuple(perm) == tuple(range(x.rank)):
            return x
        return self.node("transpose", x, perm=tuple(perm))

    def to_nhwc(self, x: Value) -> Value:
        """Channels from axis 1, as in ONNX, to the end."""
        return self.transpose(x, channels_last(x.rank))

    def to_nchw(self, x: Value) -> Value:
        return self.transpose(x, inverse(channels_last(x.rank)))

    def _fresh(self, purpose: str) -> str:
        return self.graph.fresh_name(f"{self.before.outputs[0].name}/{purpose}")


def channels_last(rank: int) -> tuple[int, ...]:
    return (0, *range(2, rank), 1)


def inverse(perm: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(axis) for axis in np.argsort(perm))


def refuse(node: Node, reason: str, remedy: str) -> PackError:
    return PackError(f"node {node.name!r}: {node.op} {reason}; {remedy}")


def constant_input(node: Node, index: int, what: str) -> Array:
    """The array of an input that must be constant."""
    value = node.input(index)
    if not value.is_constant:
        raise refuse(
            node,
            f"takes its {what} from {value.name!r}, which is computed while the model runs",
            f"export the model with constant {what}",
        )
    return value.data


def argument(node: Node, attr: str, index: int | None, default: Any = None) -> Any:
    """What older opsets hold in an attribute and newer ones in a constant input."""
    if attr in node.attrs:
        return node.attrs[attr]
    if index is None or index >= len(node.inputs) or node.inputs[index] is None:
        return default
    return constant_input(node, index, attr).tolist()


def normalized_axes(axes: Sequence[int] | int, rank: int) -> tuple[int, ...]:
    """Ascending and not negative."""
    listed = [axes] if isinstance(axes, int) else list(axes)
    return tuple(sorted(axis % rank for axis in listed))


def shape_of(view: Sequence[int], like: Shape) -> Shape:
    """An NHWC view as a shape of as many axes as `like` has, n as `like` has it."""
    rank = max(len(like), 1)
    if rank > 3:
        return (*like[:-3], *view[1:])
    return tuple(view[4 - rank :])
