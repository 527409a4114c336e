"""Inputs in the layout that their readers want: the caller permutes samples, not the board."""

from ..ir import Graph, Node, Value
from ..ops import MODULES
from ..ops._build import Builder, channels_last, inverse
from . import _movement as movement


def permute_input(graph: Graph, value: Value) -> bool:
    """Leaves transposes back to the old layout where it was wanted; they have to move down."""
    if value.onnx_permutation is not None or graph.is_output(value):
        return False
    perm = _wanted(graph, value) or _same_bytes(value)
    if perm is None:
        return False
    users = value.users
    value.shape = tuple(value.shape[axis] for axis in perm)
    value.onnx_permutation = perm
    for node in users:
        original = Builder(graph, node).transpose(value, inverse(perm))
        for position, operand in enumerate(node.inputs):
            if operand is value:
                node.set_input(position, original)
    return True


def _wanted(graph: Graph, value: Value) -> tuple[int, ...] | None:
    """The first transpose behind an input, past operators that any layout suits.

    A mean over the last two of four axes shows as well that channels stand first.
    """
    # Whether a reshape lies between the input and a value
    reshaped = {value: False}
    pending = [value]
    while pending:
        source = pending.pop(0)
        for node in source.users:
            if node.op == "transpose":
                perm = tuple(node.attrs["perm"])
                # One at an output is there for the caller's sake.
                if not movement.keeps_order(source.shape, perm) and not graph.is_output(
                    node.output
                ):
                    return _on_input(value, source, perm) if reshaped[source] else perm
            elif node.op == "mean" and source.rank == 4 and node.attrs["axes"] == (2, 3):
                if not reshaped[source]:
                    return channels_last(4)
            elif node.output not in reshaped and _is_neutral(node, source):
                reshaped[node.output] = reshaped[source] or node.op == "reshape"
                pending.append(node.output)
    return None


def _is_neutral(node: Node, source: Value) -> bool:
    if node.op == "reshape":
        return movement.is_unit_reshape(node)
    # Operators on rows do not let the last axis move.
    rows = node.op in ("fully_connected", "softmax")
    return hasattr(MODULES[node.op], "permuted") and not rows and node.output.rank == source.rank


def _on_input(value: Value, source: Value, perm: tuple[int, ...]) -> tuple[int, ...] | None:
    """A permutation of `source` as one of the input that it came from, by axes that are not 1."""
    landing = [perm.index(axis) for axis, size in enumerate(source.shape) if size != 1]
    if len(landing) != sum(size != 1 for size in value.shape):
        return None
    return tuple(movement.axes_by_origin(value.shape, landing))


def _same_bytes(value: Value) -> tuple[int, ...] | None:
    """For an input of one channel that is only reshaped, the permutation that does the same."""
    targets = {node.output.shape for node in value.users if node.op == "reshape"}
    if len(targets) != 1 or any(node.op != "reshape" for node in value.users):
        return None
    (target,) = targets
    if len(target) != value.rank or not movement.is_unit_reshape(value.users[0]):
        return None
    ones = [axis for axis, size in enumerate(value.shape) if size == 1]
    others = [axis for axis, size in enumerate(value.shape) if size != 1]
    return tuple(ones.pop(0) if size == 1 else others.pop(0) for size in target)
