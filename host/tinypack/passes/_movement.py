"""Transposes and reshapes: what they do to the order of elements, and simpler forms of pairs."""

from collections.abc import Sequence
from math import prod

import numpy as np

from ..ir import Array, Graph, Node, Shape, Value
from ..ops._build import Builder, channels_last, inverse
from ..ops._views import AXES

OPS = ("transpose", "reshape")


def apply(node: Node, array: Array) -> Array:
    """The movement of `node` on an array of its input's shape."""
    moved: Array = (
        array.transpose(node.attrs["perm"])
        if node.op == "transpose"
        else array.reshape(node.output.shape)
    )
    return moved


def keeps_order(shape: Shape, perm: Sequence[int]) -> bool:
    """Whether a transpose leaves the elements where they are: only axes of size 1 move."""
    moved = [axis for axis in perm if shape[axis] != 1]
    return moved == sorted(moved)


def is_unit_reshape(node: Node) -> bool:
    """Whether a reshape only adds and removes axes of size 1."""
    shapes = node.input(0).shape, node.output.shape
    before, after = ([size for size in shape if size != 1] for shape in shapes)
    return node.op == "reshape" and before == after


def compressed(array: Array) -> Array:
    """Size 1 along every axis on which the array does not vary."""
    for axis in range(array.ndim):
        first = array.take([0], axis)
        if np.array_equal(np.broadcast_to(first, array.shape), array):
            array = first
    return array


def simplify(graph: Graph, node: Node, through_reshapes: bool) -> bool:
    """One step towards fewer movements: transposes below reshapes, none twice, none in vain."""
    x = node.input(0)
    build = Builder(graph, node)
    before = x.producer if x.producer is not None and x.producer.op in OPS else None
    if twin := _twin(graph, node):
        return replace(graph, node, twin.output)
    if node.op == "transpose":
        perm = node.attrs["perm"]
        if keeps_order(x.shape, perm):
            result = build.reshape(x, node.output.shape)
        elif before is not None and before.op == "transpose":
            first = before.attrs["perm"]
            result = build.transpose(before.input(0), [first[axis] for axis in perm])
        else:
            return False
    elif x.shape == node.output.shape:
        result = x
    elif before is not None and before.op == "reshape":
        result = build.reshape(before.input(0), node.output.shape)
    elif before is not None and is_unit_reshape(node):
        result = _reshape_first(build, before, node)
    elif before is not None and through_reshapes:
        sunk = _split_first(build, before, node) or _merge_first(build, before, node)
        if sunk is None:
            return False
        result = sunk
    else:
        return False
    return replace(graph, node, result)


def _twin(graph: Graph, node: Node) -> Node | None:
    """A node before this one that does the same."""
    same = [
        other
        for other in node.input(0).users
        if other.op == node.op
        and other.attrs == node.attrs
        and other.output.shape == node.output.shape
    ]
    first = min(same, key=graph.nodes.index)
    return first if first is not node else None


def replace(graph: Graph, node: Node, result: Value) -> bool:
    """`result` for the output of `node`; False if only `node` can give the output its value."""
    if not graph.can_replace(node.output, result):
        if node.op != "transpose":
            return False
        result = Builder(graph, node).copy(result)
    graph.replace_all_uses_with(node.output, result)
    remove(graph, node)
    return True


def remove(graph: Graph, node: Node) -> None:
    """With what only served it: a dead reader would count as a reader."""
    producers = [value.producer for value in node.inputs if value is not None]
    graph.remove(node)
    for producer in dict.fromkeys(producers):
        if producer is not None and producer in graph.nodes and is_dead(graph, producer):
            remove(graph, producer)


def is_dead(graph: Graph, node: Node) -> bool:
    return not any(output.uses or graph.is_output(output) for output in node.outputs)


def _reshape_first(build: Builder, transpose: Node, reshape: Node) -> Value:
    """reshape(transpose(x)) as transpose(reshape(x)) for a unit reshape."""
    source, perm, target = transpose.input(0), transpose.attrs["perm"], reshape.output.shape
    origins = (axis for axis in perm if source.shape[axis] != 1)
    order = axes_by_origin(target, list(origins))
    first = build.reshape(source, [target[axis] for axis in order])
    return build.transpose(first, inverse(order))


def _split_first(build: Builder, transpose: Node, reshape: Node) -> Value | None:
    """reshape(transpose(x)) as transpose(reshape(x)) for a reshape that only splits axes."""
    source, perm, target = transpose.input(0), transpose.attrs["perm"], reshape.output.shape
    parts = _parts(transpose.output.shape, target)
    if parts is None or len(target) > AXES:
        return None
    order = [axis for origin in inverse(perm) for axis in parts[origin]]
    first = build.reshape(source, [target[axis] for axis in order])
    return build.transpose(first, inverse(order))


def _merge_first(build: Builder, transpose: Node, reshape: Node) -> Value | None:
    """reshape(transpose(x)) for a reshape that only merges axes as a transpose that brings them
    together, if it takes one, the reshape, and one that brings channels to the front."""
    source, perm, target = transpose.input(0), transpose.attrs["perm"], reshape.output.shape
    parts = _parts(target, transpose.output.shape)
    if parts is None:
        return None
    origins = [[perm[axis] for axis in part] for part in parts]
    for end in (min, max):
        # Axes of the target in the order in which the source has them, by either end
        order = sorted(range(len(target)), key=lambda axis: end(origins[axis], default=-1))
        first = [axis for part in order for axis in origins[part]]
        apart = not keeps_order(source.shape, first)
        if keeps_order(target, order) or (apart and tuple(order) != channels_last(len(target))):
            continue
        if apart and first == list(perm):
            continue  # nothing gained, and the same again
        merged = build.reshape(build.transpose(source, first), [target[axis] for axis in order])
        return build.transpose(merged, inverse(order))
    return None


def _parts(shape: Shape, finer: Shape) -> list[list[int]] | None:
    """For each axis of `shape` those of `finer` that it is split into, None if it is not."""
    parts: list[list[int]] = []
    axis = 0
    for size in shape:
        part: list[int] = []
        while prod(finer[i] for i in part) < size or (size == 1 and not part):
            if axis == len(finer) or (size == 1 and finer[axis] != 1):
                break
            part.append(axis)
            axis += 1
        if prod(finer[i] for i in part) != size:
            return None
        parts.append(part)
    if any(finer[i] != 1 for i in range(axis, len(finer))) or not parts:
        return None
    parts[-1] += range(axis, len(finer))
    return parts


def axes_by_origin(shape: Shape, origins: Sequence[int]) -> list[int]:
    """Axes of `shape` in the order of their origins; axes of size 1 stay behind their left one."""
    keys: list[float] = []
    remaining = iter(origins)
    last = -1.0
    for size in shape:
        if size != 1:
            last = float(next(remaining))
            keys.append(last)
        else:
            keys.append(last + 0.5)
    return sorted(range(len(shape)), key=lambda axis: keys[axis])
