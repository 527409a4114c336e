"""Inputs in the layout that their readers want: the caller permutes samples, not the board."""

from ..ir import Graph, Node, Value
from ..ops import MODULES
from ..ops._build import Builder, inverse
from . import _movement as movement


def permute_input(graph: Graph, value: Value) -> bool:
    """Leaves transposes back to the old layout where it was wanted; they have to move down."""
    if value.onnx_permutation is not None or graph.is_output(value):
        return False
    for node in value.users:
        if node.op == "reshape" and movement.is_unit_reshape(node):
            _transpose_first(graph, value, node)
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
    """The first transpose behind an input, past operators that any layout suits."""
    pending, seen = [value], {value}
    while pending:
        for node in pending.pop(0).users:
            if node.op == "transpose":
                # One at an output is there for the caller's sake.
                moves = not movement.keeps_order(node.input(0).shape, node.attrs["perm"])
                if moves and not graph.is_output(node.output):
                    return tuple(node.attrs["perm"])
            elif (
                hasattr(MODULES[node.op], "permuted")
                and node.output.rank == value.rank
                and node.output not in seen
            ):
                seen.add(node.output)
                pending.append(node.output)
    return None


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


def _transpose_first(graph: Graph, value: Value, reshape: Node) -> None:
    """transpose(reshape(input)) as reshape(transpose(input)), so that the input can take it."""
    for node in reshape.output.users:
        if node.op != "transpose":
            continue
        shape, perm = reshape.output.shape, node.attrs["perm"]
        if movement.keeps_order(shape, perm):
            continue
        # Where each axis of the input that is not 1 ends up
        landing = [perm.index(axis) for axis, size in enumerate(shape) if size != 1]
        order = movement.axes_by_origin(value.shape, landing)
        build = Builder(graph, node)
        result = build.reshape(build.transpose(value, order), node.output.shape)
        movement.replace(graph, node, result)
