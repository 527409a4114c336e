"""NHWC throughout: transposes move down the graph until they cancel, vanish into the order of a
fully connected layer's weights, move only axes of size 1, or reach an output.

An operator that computes the same on a permuted input says so: `permuted(node, perm)` of its
module gives the attributes `a` for which op(transpose(x)) = transpose(op(x, a)), or None.
An elementwise one (ELEMENTWISE) lets reshapes pass too.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from ..ir import Array, Graph, Model, Node, Value
from ..ops import MODULES
from ..ops._build import Builder, inverse
from . import _movement as movement
from ._inputs import permute_input

# Sweeps over the graph in which transposes may pass reshapes.
_SWEEPS = 16


def convert_layout(model: Model) -> None:
    graph = model.graph
    _settle(graph)
    # Not before: a transpose at the door of an NHWC model cancels by itself.
    for value in graph.inputs:
        permute_input(graph, value)
    # Not before: an input shows by its transpose which layout it should have.
    _settle(graph, through_reshapes=True)


def _settle(graph: Graph, through_reshapes: bool = False) -> None:
    sweeps = 0
    changed = True
    while changed:
        changed = False
        sweeps += 1
        # A transpose that gains nothing on its way could go back and forth.
        through_reshapes = through_reshapes and sweeps <= _SWEEPS
        for node in graph.nodes.copy():
            if node.op not in movement.OPS:
                changed |= _sink(graph, node)
            elif movement.is_dead(graph, node):
                movement.remove(graph, node)
                changed = True
            else:
                changed |= movement.simplify(graph, node, through_reshapes) or _permute_outputs(
                    graph, node
                )


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
    alike = getattr(module, "ELEMENTWISE", False) or getattr(module, "ALIKE", False)
    worth_it = getattr(module, "ALIKE", False) and _most_move(movers, node, perm)
    inputs: list[Value] = []
    for value, mover in zip(node.inputs, movers, strict=True):
        assert value is not None
        if mover is not None and mover.attrs["perm"] == perm:
            inputs.append(mover.input(0))
        elif value.is_constant and not alike:
            inputs.append(value)  # weights
        elif value.is_constant or movement.keeps_order(value.shape, back) or worth_it:
            inputs.append(build.transpose(value, back))
        else:
            return False
    y = build.node(node.op, *inputs, **{**node.attrs, **attrs})
    return movement.replace(graph, node, build.transpose(y, perm))


def _most_move(movers: Sequence[Node | None], node: Node, perm: tuple[int, ...]) -> bool:
    """Whether more elements come from transposes than would have to be transposed instead."""
    moved = sum(
        prod(mover.output.shape)
        for mover in movers
        if mover is not None and mover.attrs["perm"] == perm
    )
    return 2 * moved > prod(node.output.shape)


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
    node.set_input(1, _rearranged(build, node.input(1), weights))
    return True


def _rearranged(
    build: Builder, old: Value, weights: Array, channels: Array | None = None
) -> Value:
    """Weights in another order keep their integers; `channels` says where each came from."""
    new = build.constant(weights, "weights")
    new.quant = old.quant
    if channels is not None and old.quant is not None and old.quant.axis is not None:
        scale = tuple(old.quant.scale[int(channel)] for channel in channels)
        new.quant = replace(old.quant, scale=scale)
    return new


def _permute_outputs(graph: Graph, node: Node) -> bool:
    """A transpose of what fully_connected computes for one row: the order of its outputs."""
    if node.op != "transpose":
        return False
    reshape, value = None, node.input(0)
    while len(value.uses) == 1 and not graph.is_output(value) and value.producer is not None:
        layer = value.producer
        if layer.op == "fully_connected":
            break
        if layer.op == "reshape" and reshape is None:
            reshape = layer
        elif layer.op not in ("table", "quantize") or reshape is None:
            return False
        value = layer.input(0)
    else:
        return False
    channels = layer.output.shape[-1]
    if reshape is None or prod(layer.output.shape) != channels:
        return False
    places = movement.apply(node, np.arange(channels).reshape(reshape.output.shape)).reshape(-1)
    build = Builder(graph, layer)
    weights = layer.input(1)
    layer.set_input(1, _rearranged(build, weights, weights.data[places], places))
    layer.set_input(2, build.constant(layer.input(2).data[places], "bias"))
    source = reshape.input(0)
    return movement.replace(graph, node, Builder(graph, node).reshape(source, node.output.shape))
