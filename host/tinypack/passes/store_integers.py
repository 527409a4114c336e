"""Marks of quantized ONNX files go to the values they are about.

The operator that makes a value rounds to its integers itself. A mark stays as a quantize node
where the value has other integers already or other readers.
"""

from ..ir import Graph, Model, Node, Value
from ..ops import keeps_scale
from ..ops.quantize import is_mark, whole_range
from ..optable import OPS
from . import _movement as movement
from .fuse_activation import clamped


def store_integers(model: Model) -> None:
    graph = model.graph
    _merge_twins(graph)
    for node in graph.nodes.copy():
        if is_mark(node):
            _store(graph, node)


def _merge_twins(graph: Graph) -> None:
    """Exporters repeat a mark for each reader."""
    for node in graph.nodes.copy():
        if not is_mark(node):
            continue
        first = next(reader for reader in node.input(0).users if is_mark(reader))
        if first is not node and first.attrs == node.attrs:
            movement.replace(graph, node, first.output)


def _store(graph: Graph, node: Node) -> None:
    params = node.attrs.pop("params")
    value = _source(graph, node.input(0))
    producer = value.producer
    if producer is not None and producer.op == "softmax" and graph.is_output(node.output):
        # Its own integers are finer than any that calibration finds.
        movement.replace(graph, node, node.input(0))
        return
    free = value.quant is None and (producer is None or not _is_bound(producer))
    alone = len(value.uses) == 1 and not graph.is_output(value)
    if value.quant == params or (free and alone):
        value.quant = params
        if producer is not None and alone and _takes_bounds(producer):
            producer.attrs |= clamped(producer, node)
            movement.replace(graph, node, node.input(0))
        elif whole_range(params).items() == node.attrs.items():
            movement.replace(graph, node, node.input(0))
    if node in graph.nodes:
        node.output.quant = params


def _is_bound(node: Node) -> bool:
    """Whether its integers are not free to choose."""
    return keeps_scale(node) or node.op == "softmax"


def _takes_bounds(node: Node) -> bool:
    return "activation_min" in {attr.name for attr in OPS[node.op].attrs}


def _source(graph: Graph, value: Value) -> Value:
    """Where integers that are only handed on are made."""
    while value.quant is None and len(value.uses) == 1 and not graph.is_output(value):
        producer = value.producer
        if producer is None or not keeps_scale(producer):
            break
        value = producer.input(0)
    return value
