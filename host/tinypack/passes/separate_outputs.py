"""One node for each output of a source operator: those of ops.def have one."""

from itertools import pairwise
from typing import Any

import numpy as np

from ..ir import Graph, Model, Node, Value, constant
from ..ops._build import argument


def separate_outputs(model: Model) -> None:
    for node in model.graph.nodes.copy():
        if node.op == "Split":
            _separate(model.graph, node)
        elif node.op == "LayerNormalization" and len(node.outputs) > 1:
            _expand_statistics(model, node)
        elif node.op == "TopK":
            _separate_top_k(model.graph, node)


def _expand_statistics(model: Model, node: Node) -> None:
    """Mean and 1 / standard deviation that a LayerNormalization gives besides, from its input."""
    graph, x = model.graph, node.input(0)
    wanted = [output.uses or graph.is_output(output) for output in node.outputs[1:]]
    if not any(wanted):
        return
    axis = node.attrs.get("axis", -1) % x.rank
    axes = {"axes": list(range(axis, x.rank)), "keepdims": 1}
    shape = (*x.shape[:axis], *[1] * (x.rank - axis))

    def add(op: str, *inputs: Value, attrs: Any = None, output: Value | None = None) -> Value:
        made = output or Value(graph.fresh_name(f"{node.name}/{op}"), shape)
        made.producer = None
        return graph.insert(Node(op, inputs, [made], attrs or {}, node.name), node).outputs[0]

    mean_output, *deviation_output = node.outputs[1:]
    node.outputs = node.outputs[:1]
    mean = add("ReduceMean", x, attrs=axes, output=mean_output)
    if deviation_output:
        difference = Value(graph.fresh_name(f"{node.name}/difference"), x.shape)
        square = Value(graph.fresh_name(f"{node.name}/square"), x.shape)
        add("Sub", x, mean, output=difference)
        add("Mul", difference, difference, output=square)
        variance = add("ReduceMean", square, attrs=axes)
        epsilon = constant(
            graph.fresh_name(f"{node.name}/epsilon"),
            np.float32(node.attrs.get("epsilon", 1e-5)).reshape(1),
        )
        root = add("Sqrt", add("Add", variance, epsilon))
        add("Reciprocal", root, output=deviation_output[0])


def _separate(graph: Graph, node: Node) -> None:
    x = node.input(0)
    axis = node.attrs.get("axis", 0) % x.rank
    sizes = argument(node, "split", 1) or [output.shape[axis] for output in node.outputs]
    ends = [sum(sizes[:count]) for count in range(len(sizes) + 1)]
    for output, (start, end) in zip(node.outputs, pairwise(ends), strict=True):
        attrs = {"starts": [start], "ends": [end], "axes": [axis]}
        output.producer = None
        graph.insert(Node("Slice", [x], [output], attrs, node.name), node)
    node.outputs = ()
    graph.remove(node)


def _separate_top_k(graph: Graph, node: Node) -> None:
    for indices, output in enumerate(node.outputs):
        if output.uses or graph.is_output(output):
            output.producer = None
            attrs = {**node.attrs, "indices": indices}
            graph.insert(Node("TopK", node.inputs, [output], attrs, node.name), node)
    node.outputs = ()
    graph.remove(node)
