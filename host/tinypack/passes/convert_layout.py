"""NHWC throughout: transposes move down the graph until they cancel, vanish into the order of a
fully connected layer's weights, move only axes of size 1, or reach an output.

An operator that computes the same on a permuted input says so: `permuted(node, perm)` of its
module gives the attributes `a` for which op(transpose(x)) = transpose(op(x, a)), or None.
An elementwise one (ELEMENTWISE) lets reshapes pass too.
"""

from math import prod

import numpy as np

from ..ir import Graph, Model, Node, Value
from ..ops import MODULES
from ..ops._build import Builder, inverse
from . import _movement as movement


def convert_layout(model: Model) -> None:
    graph = model.graph
    while any(_drop_unused(graph, node) or _merge(graph, node) for node in _movers(graph)):
        pass
    for value in graph.inputs:
        _permute_input(graph, value)
    changed = True
    while changed:
        changed = False
        for node in graph.nodes.copy():
            if node.op in movement.OPS:
                changed |= _drop_unused(graph, node) or movement.simplify(graph, node)
            else:
                changed |= _sink(graph, node)


def _movers(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.op in movement.OPS]


def _drop_unused(graph: Graph, node: Node) -> bool:
    if node.output.uses or graph.is_output(node.output):
        return False
    graph.remove(node)
    return True


def _merge(graph: Graph, node: Node) -> bool:
    """Two transposes in a row as one: what exporters put at the door of NHWC models."""
    before = node.input(0).producer if node.op == "transpose" else None
    if before is None or before.op != "transpose":
        return False
    first = before.attrs["perm"]
    perm = [first[axis] for axis in node.attrs["perm"]]
    return movement.replace(graph, node, Builder(graph, node).transpose(before.input(0), perm))


# Inputs


def _permute_input(graph: Graph, value: Value) -> None:
    """The input in the layout that its readers transpose it to."""
    for node in value.users:
        if node.op == "reshape" and movement.is_unit_reshape(node):
            _transpose_first(graph, value, node)
    perms = [node.attrs["perm"] for node in value.users if node.op == "transpose"]
    moving = [perm for perm in perms if not movement.keeps_order(value.shape, perm)]
    if not moving and (len(perms) < len(value.users) or len(set(perms)) != 1):
        return
    if graph.is_output(value):
        return
    perm = tuple((moving or perms)[0])
    users = value.users
    value.shape = tuple(value.shape[axis] for axis in perm)
    value.onnx_permutation = perm
    back = inverse(perm)
    for node in users:
        build = Builder(graph, node)
        if node.op == "transpose":
            composed = [back[axis] for axis in node.attrs["perm"]]
            result = build.transpose(value, composed)
            graph.replace_all_uses_with(
                node.output,
                build.copy(value) if not graph.can_replace(node.output, result) else result,
            )
            graph.remove(node)
        else:
            original = build.transpose(value, back)
            for position, operand in enumerate(node.inputs):
                if operand is value:
                    node.set_input(position, original)


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


# Moving down


def _sink(graph: Graph, node: Node) -> bool:
    if node.op == "fully_connected" and _permute_weights(graph, node):
        return True
    return _sink_transpose(graph, node) or _sink_reshape(graph, node)


def _mover(value: Value | None, op: str) -> Node | None:
    if value is None or value.producer is None or value.producer.op != op:
        return None
    return value.producer


def _sink_transpose(graph: Graph, node: Node) -> bool:
    module = MODULES[node.op]
    if not hasattr(module, "permuted"):
        return False
    movers = [_mover(value, "transpose") for value in node.inputs]
    first = next((mover for mover in movers if mover is not None), None)
    if first is None:
        return False
    perm = first.attrs["perm"]
    attrs = module.permuted(node, perm)
    if attrs is None:
        return False
    build = Builder(graph, node)
    back = inverse(perm)
    inputs: list[Value] = []
    for value, mover in zip(node.inputs, movers, strict=True):
        assert value is not None
        if mover is not None and mover.attrs["perm"] == perm:
            inputs.append(mover.input(0))
        elif value.is_constant and not getattr(module, "ELEMENTWISE", False):
            inputs.append(value)  # weights
        elif value.is_constant or movement.keeps_order(value.shape, back):
            inputs.append(build.transpose(value, back))
        else:
            return False
    y = build.node(node.op, *inputs, **{**node.attrs, **attrs})
    return movement.replace(graph, node, build.transpose(y, perm))


def _sink_reshape(graph: Graph, node: Node) -> bool:
    if node.op in ("fully_connected", "softmax"):
        return _sink_rows(graph, node)
    if not getattr(MODULES[node.op], "ELEMENTWISE", False):
        return False
    mover = next(filter(None, (_mover(value, "reshape") for value in node.inputs)), None)
    if mover is None or node.output.shape != mover.output.shape:
        return False
    build = Builder(graph, node)
    source = mover.input(0)
    inputs: list[Value] = []
    for value in node.inputs:
        assert value is not None
        other = _mover(value, "reshape")
        if other is not None and other.input(0).shape == source.shape:
            inputs.append(other.input(0))
        elif value.is_constant:
            full = np.broadcast_to(value.data, node.output.shape).reshape(source.shape)
            constant = movement.compressed(full)
            # One number per channel stays next to a layer that can take it.
            if prod(constant.shape[:-1]) != 1:
                return False
            inputs.append(build.constant(constant, "constant"))
        else:
            return False
    y = build.node(node.op, *inputs, **node.attrs)
    return movement.replace(graph, node, build.reshape(y, node.output.shape))


def _sink_rows(graph: Graph, node: Node) -> bool:
    """Operators on rows do not care how rows are counted."""
    mover = _mover(node.input(0), "reshape")
    if mover is None:
        return False
    source = mover.input(0)
    if source.rank == 0 or source.shape[-1] != mover.output.shape[-1]:
        return False
    build = Builder(graph, node)
    y = build.node(node.op, source, *map(node.input, range(1, len(node.inputs))), **node.attrs)
    return movement.replace(graph, node, build.reshape(y, node.output.shape))


def _permute_weights(graph: Graph, node: Node) -> bool:
    """fully_connected of a flattened transpose: the order of its inputs goes into the weights."""
    chain: list[Node] = []
    value = node.input(0)
    while value.producer is not None and value.producer.op in movement.OPS:
        chain.insert(0, value.producer)
        value = value.producer.input(0)
    while chain and chain[0].op == "reshape":
        value = chain.pop(0).output
    if not chain:
        return False
    target = node.input(0).shape
    places = np.arange(prod(value.shape)).reshape(value.shape)
    for mover in chain:
        places = movement.apply(mover, places)
    rows = places.reshape(-1, target[-1])
    if not np.array_equal(rows - rows[0], np.arange(len(rows))[:, None] * target[-1] + 0 * rows):
        return False
    if rows[0].max() >= target[-1]:
        return False
    weights = np.empty_like(node.input(1).data)
    weights[:, rows[0]] = node.input(1).data
    build = Builder(graph, node)
    node.set_input(0, build.reshape(value, target))
    node.set_input(1, build.constant(weights, "weights"))
    return True
