"""Removes nodes whose outputs nobody reads."""

from ..ir import Model


def eliminate_dead(model: Model) -> None:
    graph = model.graph
    for node in reversed(graph.nodes.copy()):
        if not any(output.uses or graph.is_output(output) for output in node.outputs):
            graph.remove(node)
