"""Sums and products with constants (BatchNormalization among them) go into linear layers.

Into the layer before them if it has no other reader; else into all layers behind them. Padding
stays zero: a sum goes forward only into layers without any.
"""

import numpy as np

from ..ir import Graph, Model, Node, Value
from ..ops._build import Builder
from ..ops._window import window_of
from . import _movement as movement
from ._constants import (
    LINEAR,
    Floats,
    bias_of,
    has_bounds,
    is_affine,
    per_channel,
    set_constant,
    sole_reader,
)


def fold_affine(model: Model) -> None:
    graph = model.graph
    changed = True
    while changed:
        changed = False
        for node in graph.nodes.copy():
            if node.op in ("add", "mul") and is_affine(node):
                changed |= _merge(graph, node) or _backward(graph, node) or _forward(graph, node)
            elif node.op == "concat" and node in graph.nodes:
                changed |= _join(graph, node)


def _merge(graph: Graph, node: Node) -> bool:
    """Two in a row as one; a sum before a product as a product before a sum."""
    before = node.input(0).producer
    if before is None or not is_affine(before) or has_bounds(before):
        return False
    if len(before.output.uses) > 1 or graph.is_output(before.output):
        return False
    build = Builder(graph, node)
    k, first = node.input(1).data.astype(np.float64), before.input(1).data.astype(np.float64)
    bounds = {key: node.attrs[key] for key in node.attrs if key.startswith("activation_")}
    if node.op == before.op:
        both = k * first if node.op == "mul" else k + first
        y = build.node(node.op, before.input(0), build.constant(both, "constant"), **bounds)
    elif node.op == "mul":
        y = build.node("mul", before.input(0), build.constant(k, "constant"))
        y = build.node("add", y, build.constant(k * first, "constant"), **bounds)
    else:
        return False
    return movement.replace(graph, node, y)


# Backward


def _backward(graph: Graph, node: Node) -> bool:
    layer, k = node.input(0).producer, per_channel(node)
    if layer is None or layer.op not in LINEAR or k is None:
        return False
    if len(layer.output.uses) > 1 or not graph.can_replace(node.output, layer.output):
        return False
    bounds = {key: value for key, value in node.attrs.items() if key.startswith("activation_")}
    if has_bounds(layer) and (bounds or node.op == "add" or not _scale_bounds(layer, k)):
        return False
    layer.attrs |= bounds
    if node.op == "mul":
        weights = layer.input(1).data.astype(np.float64)
        set_constant(layer, 1, weights * k.reshape(-1, *[1] * (weights.ndim - 1)))
        set_constant(layer, 2, bias_of(layer) * k)
    else:
        set_constant(layer, 2, bias_of(layer) + k)
    return movement.replace(graph, node, layer.output)


def _scale_bounds(layer: Node, k: Floats) -> bool:
    """k * clip(y, low, high) = clip(k * y, k * low, k * high), if that is the same for all."""
    bounds = [key for key in ("activation_min", "activation_max") if key in layer.attrs]
    if np.any(k <= 0) or (np.any(k != k[0]) and any(layer.attrs[key] != 0 for key in bounds)):
        return False
    for key in bounds:
        layer.attrs[key] *= float(k[0])
    return True


def _join(graph: Graph, node: Node) -> bool:
    """Sums or products of the parts of a row as one behind it, where its readers take them."""
    if (
        node.attrs["axis"] != node.output.rank - 1
        or np.prod(node.output.shape) > node.output.shape[-1]
    ):
        return False
    readers = node.output.users
    if graph.is_output(node.output) or not readers:
        return False
    if any(reader.op not in ("fully_connected", "tree_ensemble") for reader in readers):
        return False
    for op, neutral in (("add", 0.0), ("mul", 1.0)):
        parts, constants = [], []
        for value in node.inputs:
            assert value is not None
            k = _only_for(graph, value, node, op)
            parts.append(value if k is None or value.producer is None else value.producer.input(0))
            constants.append(np.full(value.shape[-1], neutral) if k is None else k)
        if parts != list(node.inputs):
            build = Builder(graph, node)
            y = build.node("concat", *parts, **node.attrs)
            k = np.concatenate(constants).reshape((1,) * (node.output.rank - 1) + (-1,))
            y = build.node(op, y, build.constant(k, "joined"))
            return movement.replace(graph, node, y)
    return False


def _only_for(graph: Graph, value: Value, reader: Node, op: str) -> Floats | None:
    """What a sum or product adds or multiplies with that is made for one reader alone."""
    node = value.producer
    if node is None or node.op != op or has_bounds(node) or graph.is_output(value):
        return None
    k = per_channel(node) if sole_reader(value) is reader else None
    # Thresholds of trees could not follow.
    return None if k is None or (op == "mul" and k.min() <= 0) else k


# Forward


def _forward(graph: Graph, node: Node) -> bool:
    if has_bounds(node) or graph.is_output(node.output) or not node.output.uses:
        return False
    if per_channel(node) is None:
        return False
    readers = _readers(graph, node)
    if readers is None:
        return False
    spread = np.broadcast_to(node.input(1).data.astype(np.float64), node.output.shape)
    constants: list[Floats] = []
    for layer, path in readers:
        rows = spread
        for mover in path:
            rows = movement.apply(mover, rows)
        rows = rows.reshape(-1, rows.shape[-1])
        if not np.array_equal(rows, np.broadcast_to(rows[0], rows.shape)):
            return False
        if node.op == "add" and not _sees_inputs_only(layer):
            return False
        if layer.op == "tree_ensemble" and node.op == "mul" and rows[0].min() <= 0:
            return False
        constants.append(rows[0])
    for (layer, _), k in zip(readers, constants, strict=True):
        _absorb(layer, node.op, k)
    return movement.replace(graph, node, node.input(0))


def _sees_inputs_only(layer: Node) -> bool:
    """Whether every output is made of the same number of inputs, and of no padding."""
    if layer.op == "transpose_conv_2d":
        return False
    return layer.op in ("fully_connected", "tree_ensemble") or not window_of(layer).is_padded


def _readers(graph: Graph, node: Node) -> list[tuple[Node, list[Node]]] | None:
    """All linear layers that read the output, and the movements on the way; None if others do."""
    found: list[tuple[Node, list[Node]]] = []
    pending: list[tuple[Node, list[Node]]] = [(node, [])]
    while pending:
        source, path = pending.pop()
        if graph.is_output(source.output):
            return None
        for use in source.output.uses:
            if use.node.op in movement.OPS:
                pending.append((use.node, [*path, use.node]))
            elif use.node.op in (*LINEAR, "tree_ensemble") and use.position == 0:
                found.append((use.node, path))
            else:
                return None
    return found


def _absorb(layer: Node, op: str, k: Floats) -> None:
    """`k` per input channel into a layer that comes after it, or into the thresholds of trees."""
    if layer.op == "tree_ensemble":
        none = np.ones_like(k) if op == "add" else np.zeros_like(k)
        mean, std = (k, none) if op == "add" else (none, k)
        layer.attrs["trees"] = layer.attrs["trees"].scaled(mean, std)
        return
    weights = layer.input(1).data.astype(np.float64)
    if layer.op == "depthwise_conv_2d":
        spread = np.repeat(k, len(weights) // len(k)).reshape(-1, 1, 1, 1)
    elif layer.op in ("conv_2d", "transpose_conv_2d"):
        groups = len(k) // weights.shape[-1]
        spread = np.repeat(k.reshape(groups, -1), len(weights) // groups, axis=0)
        spread = spread.reshape(len(weights), 1, 1, -1)
    else:
        spread = k
    product = weights * spread
    if op == "mul":
        set_constant(layer, 1, product)
    else:
        set_constant(layer, 2, bias_of(layer) + product.reshape(len(weights), -1).sum(1))
