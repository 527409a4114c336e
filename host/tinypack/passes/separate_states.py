"""Recurrent nodes of the source get one output, that of all steps or that of the last one.

What reads the last step alone of all of them reads the final state instead, so that the others
need no memory: exporters write it as a chain of movements.
"""

from math import prod

import numpy as np

from ..ir import Array, Graph, Model, Node, Value, constant
from ..ops._build import refuse
from ..ops._recurrent import directions

RECURRENT = ("GRU", "LSTM", "RNN")
MOVES = ("Squeeze", "Unsqueeze", "Reshape", "Flatten", "Transpose", "Gather", "Slice", "Identity")


def separate_states(model: Model) -> None:
    for node in model.graph.nodes.copy():
        if node.op in RECURRENT:
            _separate(model, node)


def _separate(model: Model, node: Node) -> None:
    graph = model.graph
    steps, final, *cells = separated_outputs(graph, node)
    if any(_used(graph, output) for output in cells):
        raise refuse(node, "gives away its cell", "use the hidden state, or pack it stateful")
    place = graph.nodes.index(node)
    for output in node.outputs:
        output.producer = None
    node.outputs = ()
    if directions(node) == ("forward",) and not node.attrs.get("layout", 0):
        _read_last(model, steps, final)
        place = graph.nodes.index(node)
    if _used(graph, steps) or not _used(graph, final):
        made = Node(node.op, node.inputs, [steps], node.attrs, node.name)
        graph.nodes[place] = made
        if _used(graph, final):
            _slice_last(graph, made, final)
    else:
        attrs = node.attrs | {"last": 1}
        graph.nodes[place] = Node(node.op, node.inputs, [final], attrs, node.name)
    node.set_inputs(())


def separated_outputs(graph: Graph, node: Node) -> list[Value]:
    """All steps (rank 4), the final state, the cell's; the importer leaves out absent ones."""
    found = list(node.outputs)
    layout = node.attrs.get("layout", 0)
    if found[0].rank == 3:
        ways, batch, units = (found[0].shape[i] for i in ((1, 0, 2) if layout else (0, 1, 2)))
        x = node.input(0).shape
        every = (batch, x[1], ways, units) if layout else (x[0], ways, batch, units)
        found.insert(0, Value(graph.fresh_name(f"{found[0].name}/steps"), every))
    if len(found) == 1:
        first, second, third, units = found[0].shape
        shape = (first, third, units) if layout else (second, third, units)
        found.append(Value(graph.fresh_name(f"{found[0].name}/final"), shape))
    return found


def _used(graph: Graph, value: Value) -> bool:
    return bool(value.uses) or graph.is_output(value)


def _read_last(model: Model, steps: Value, final: Value) -> None:
    """Follows movements of all steps as far as the last one alone is left of them, in order."""
    graph, value = model.graph, steps
    count = prod(final.shape)
    if prod(steps.shape) >= 1 << 24 or steps.shape == (1, *final.shape):
        return
    places = np.arange(prod(steps.shape), dtype=np.float32).reshape(steps.shape)
    wanted = places.reshape(-1)[-count:]
    chain: list[Node] = []
    while len(value.users) == 1 and not graph.is_output(value):
        node = value.users[0]
        arguments = [None if v is None else v.constant for v in node.inputs[1:]]
        known = all(v is None or v.is_constant for v in node.inputs[1:])
        if node.op not in MOVES or not known or model.evaluate is None:
            return
        (places,) = model.evaluate(node, [places, *arguments])
        value = node.outputs[0]
        if np.array_equal(places.reshape(-1), wanted):
            node.op, node.attrs = "Reshape", {}
            shape = constant(graph.fresh_name(f"{value.name}/shape"), np.array(value.shape))
            node.set_inputs([final, shape])
            for dead in reversed(chain):
                graph.remove(dead)
            return
        chain.append(node)


def _slice_last(graph: Graph, made: Node, final: Value) -> None:
    """The final state out of all steps: of a reversed direction that is its first."""
    steps = made.output
    before = graph.nodes[graph.nodes.index(made) + 1] if made is not graph.nodes[-1] else None
    time, way = (1, 2) if made.attrs.get("layout", 0) else (0, 1)
    size = steps.shape[time]
    parts = []
    for index, direction in enumerate(directions(made)):
        begin = 0 if direction == "reverse" else size - 1
        shape = list(steps.shape)
        shape[time] = shape[way] = 1
        part = Value(graph.fresh_name(f"{final.name}/{direction}"), shape)
        attrs = {"starts": [begin, index], "ends": [begin + 1, index + 1], "axes": [time, way]}
        graph.insert(Node("Slice", [steps], [part], attrs, made.name), before)
        parts.append(part)
    joined = parts[0]
    if len(parts) > 1:
        shape[way] = len(parts)
        joined = Value(graph.fresh_name(f"{final.name}/joined"), shape)
        graph.insert(Node("Concat", parts, [joined], {"axis": way}, made.name), before)
    shape_of: Array = np.array(final.shape)
    target = constant(graph.fresh_name(f"{final.name}/shape"), shape_of)
    graph.insert(Node("Reshape", [joined, target], [final], {}, made.name), before)
