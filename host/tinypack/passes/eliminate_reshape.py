"""Reshapes that leave the NHWC view as it is: operators see no difference, so none is left."""

from ..ir import Graph, Model, Node, nhwc_view

# Operators that look at single axes, not at the view.
_AXIS_BOUND = ("transpose", "pad", "mean", "reshape", "concat", "slice", "gather")


def eliminate_reshape(model: Model) -> None:
    graph = model.graph
    for node in graph.nodes.copy():
        if node.op == "reshape" and nhwc_view(node.input(0).shape) == nhwc_view(node.output.shape):
            _eliminate(graph, node)


def _eliminate(graph: Graph, node: Node) -> None:
    source, output = node.input(0), node.output
    if not graph.can_replace(output, source):
        return
    producer = source.producer
    others = [reader for reader in source.users if reader is not node]
    relabels = (
        producer is not None
        and producer.op not in _AXIS_BOUND
        and not graph.is_output(source)
        and not any(reader.op in _AXIS_BOUND for reader in others)
    )
    if relabels:
        source.shape = output.shape
    elif graph.is_output(output) or any(reader.op in _AXIS_BOUND for reader in output.users):
        return
    graph.replace_all_uses_with(output, source)
    graph.remove(node)
