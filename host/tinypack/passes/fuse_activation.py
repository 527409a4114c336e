"""Clamps (Relu, Clip) become bounds of the operator before them."""

from ..ir import Graph, Model, Node
from ..ops.quantize import is_mark
from ..optable import OPS
from . import _movement as movement


def fuse_activation(model: Model) -> None:
    graph = model.graph
    for node in graph.nodes.copy():
        if node.op == "quantize" and not is_mark(node):
            _fuse(graph, node)


def _fuse(graph: Graph, node: Node) -> None:
    source = node.input(0)
    if not node.attrs:
        movement.replace(graph, node, source)
        return
    before = source.producer
    if before is None or len(source.uses) > 1 or graph.is_output(source):
        return
    if "activation_min" in {attr.name for attr in OPS[before.op].attrs}:
        before.attrs |= clamped(before, node)
        movement.replace(graph, node, source)


def clamped(inner: Node, outer: Node) -> dict[str, float]:
    """Bounds of clip(clip(x, inner), outer)."""
    bounds: dict[str, float] = {}
    for key, select in (("activation_min", max), ("activation_max", min)):
        values = [node.attrs[key] for node in (inner, outer) if key in node.attrs]
        if values:
            bounds[key] = select(values)
    low, high = bounds.get("activation_min"), bounds.get("activation_max")
    if low is not None and high is not None and low > high:
        # Ranges that do not meet: only the outer one's nearer end is left.
        end = outer.attrs["activation_min"] if low in outer.attrs.values() else high
        bounds = {"activation_min": end, "activation_max": end}
    return bounds
