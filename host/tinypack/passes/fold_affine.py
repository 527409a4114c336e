"""Sums and products with constants (BatchNormalization among them) go into linear layers.

Into the layer before them if it has no other reader; else into all layers behind them. Padding
stays zero: a sum goes forward only into layers without any.
"""

import numpy as np

from ..ir import Graph, Model, Node
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
)


def fold_affine(model: Model) -> None:
    graph = model.graph
    changed = True
    while changed:
        changed = False
        for node in graph.nodes.copy():
            if node.op in ("add", "mul") and is_affine(node):
                changed |= _merge(graph, node) or _backward(graph, node) or _forward(graph, node)


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
        constants.append(rows[0])
    for (layer, _), k in zip(readers, constants, strict=True):
        _absorb(layer, node.op, k)
    return movement.replace(graph, node, node.input(0))


def _sees_inputs_only(layer: Node) -> bool:
    """Whether every output is made of the same number of inputs, and of no padding."""
    if layer.op == "transpose_conv_2d":
        return False
    return layer.op == "fully_connected" or not window_of(layer).is_padded


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
            elif use.node.op in LINEAR and use.position == 0:
                found.append((use.node, path))
            else:
                return None
    return found


def _absorb(layer: Node, op: str, k: Floats) -> None:
    """`k` per input channel into a layer that comes after it."""
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
