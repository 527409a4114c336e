"""Means and maxima over h, w or both become pools, which every build of the engine has."""

from ..ir import Graph, Model, Node, nhwc_view
from ..ops._build import Builder
from . import _movement as movement

_POOLS = {"mean": "average_pool_2d", "reduce_max": "max_pool_2d"}


def convert_reductions(model: Model) -> None:
    for node in model.graph.nodes.copy():
        if node.op in _POOLS and not (node.attrs.get("minimum") or node.attrs.get("total")):
            _convert(model.graph, node)


def _convert(graph: Graph, node: Node) -> None:
    x = node.input(0)
    build = Builder(graph, node)
    axes = [axis for axis in node.attrs["axes"] if x.shape[axis] != 1]
    if not axes:
        y = build.reshape(x, node.output.shape)
    elif all(axis - x.rank in (-3, -2) for axis in axes):
        _, h, w, _ = nhwc_view(x.shape)
        height = h if x.rank - 3 in axes else 1
        width = w if x.rank - 2 in axes else 1
        y = build.node(
            _POOLS[node.op],
            x,
            kernel_h=height,
            kernel_w=width,
            stride_h=height,
            stride_w=width,
        )
    else:
        return
    movement.replace(graph, node, y)
