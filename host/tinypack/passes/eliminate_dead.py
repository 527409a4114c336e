"""Removes nodes whose outputs nobody reads."""

from ..ir import Model
from ._movement import is_dead


def eliminate_dead(model: Model) -> None:
    graph = model.graph
    for node in reversed(graph.nodes.copy()):
        if is_dead(graph, node):
            graph.remove(node)
