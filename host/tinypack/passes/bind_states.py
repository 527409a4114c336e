"""Inputs and outputs that hand on the state of recurrent layers become state that the model keeps.

Exporters of models for streams give each layer's state as an input, or a part of one, and the
state behind the run as an output of the same form.
"""

import numpy as np

from ..errors import PackError
from ..ir import Array, Graph, Model, Node, Value
from ..ops._build import refuse
from .eliminate_dead import eliminate_dead
from .separate_states import MOVES, RECURRENT, separated_outputs

# Inputs of ONNX that hold the state to begin with, and which output continues each.
_STATES = ((5, 1), (6, 2))
# Elements of an input that are numbered in float32.
_LARGEST = 1 << 20


def bind_states(model: Model) -> dict[str, str]:
    """Names of the outputs by those of the inputs that are no longer there."""
    graph = model.graph
    layers = [node for node in graph.nodes if node.op in RECURRENT and _starts(node)]
    if not layers:
        return {}
    numbers = _numbers(model)
    sources = [value for value in graph.inputs if value in numbers]
    pairs: dict[Value, Value] = {}
    for layer in layers:
        for position, _ in _starts(layer):
            found = numbers.get(layer.input(position))
            if found is None:
                raise refuse(
                    layer,
                    f"starts from {layer.input(position).name!r}, which is computed",
                    "let its state be an input of the model, or start it from zero",
                )
            for source in sources:
                if np.isin(found, numbers[source]).any() and source not in pairs:
                    pairs[source] = _continued(graph, layer, source, numbers)
    for layer in layers:
        for position, _ in _starts(layer):
            layer.set_input(position, None)
    graph.outputs = [value for value in graph.outputs if value not in pairs.values()]
    if not graph.outputs:
        raise PackError("the model gives nothing but its state; export its answer as an output")
    eliminate_dead(model)
    for source in pairs:
        if source.uses:
            node = source.uses[0].node
            raise refuse(node, f"reads the state {source.name!r} too", "leave that to the layer")
    graph.inputs = [value for value in graph.inputs if value not in pairs]
    return {source.name: target.name for source, target in pairs.items()}


def _starts(node: Node) -> list[tuple[int, int]]:
    """Of the states that are not constant."""
    found = []
    for position, output in _STATES:
        value = node.inputs[position] if position < len(node.inputs) else None
        if value is not None and not value.is_constant:
            found.append((position, output))
    return found


def _numbers(model: Model) -> dict[Value, Array]:
    """Which element of the inputs each element of a value is, of values that only move them."""
    graph, known, total = model.graph, dict[Value, Array](), 0
    for value in graph.inputs:
        size = int(np.prod(value.shape))
        if size <= _LARGEST:
            places = np.arange(total, total + size, dtype=np.float32)
            known[value] = places.reshape(value.shape)
            total += size
    for node in graph.nodes:
        if node.op in RECURRENT:
            outputs = separated_outputs(graph, node)
            for position, output in _starts(node):
                if node.input(position) in known and output < len(outputs):
                    places = known[node.input(position)]
                    known[outputs[output]] = places.reshape(outputs[output].shape)
        elif node.op in (*MOVES, "Split", "Concat") and model.evaluate is not None:
            operands = [None if v is None else known.get(v, v.constant) for v in node.inputs]
            moved = node.inputs if node.op == "Concat" else node.inputs[:1]
            absent = [v for v, o in zip(node.inputs, operands, strict=True) if v and o is None]
            if not absent and all(v in known for v in moved):
                results = model.evaluate(node, operands)
                known |= dict(zip(node.outputs, results, strict=True))
    return known


def _continued(graph: Graph, layer: Node, source: Value, numbers: dict[Value, Array]) -> Value:
    """The output that is, element by element, the next state of what the input is the state of."""
    for value in graph.outputs:
        if value in numbers and np.array_equal(numbers[value], numbers[source]):
            return value
    raise refuse(
        layer,
        f"starts from the input {source.name!r} but no output of that form continues it",
        "export the state behind the run as an output too",
    )
