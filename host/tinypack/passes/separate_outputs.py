"""One node for each output of a Split: operators of ops.def have one."""

from itertools import pairwise

from ..ir import Graph, Model, Node
from ..ops._build import argument


def separate_outputs(model: Model) -> None:
    for node in model.graph.nodes.copy():
        if node.op == "Split":
            _separate(model.graph, node)


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
