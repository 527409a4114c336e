"""Sums and products with one number per channel that no layer took become 1x1 depthwise layers.

Each channel then has weights and a multiplier of its own, so nothing of the constant is lost.
"""

import numpy as np

from ..ir import Graph, Model, Node
from ..ops._build import Builder
from . import _movement as movement
from ._constants import has_bounds, per_channel, sole_reader


def convert_affine(model: Model) -> None:
    graph = model.graph
    for node in graph.nodes.copy():
        if node in graph.nodes:
            _convert(graph, node)


def _convert(graph: Graph, node: Node) -> None:
    k = per_channel(node)
    if k is None:
        return
    factor, offset = (k, np.zeros_like(k)) if node.op == "mul" else (np.ones_like(k), k)
    last = node
    reader = sole_reader(node.output)
    if (
        node.op == "mul"
        and reader is not None
        and reader.op == "add"
        and not has_bounds(node)
        and not graph.is_output(node.output)
        and (sum_ := per_channel(reader)) is not None
    ):
        offset, last = sum_, reader
    build = Builder(graph, last)
    bounds = {key: value for key, value in last.attrs.items() if key.startswith("activation_")}
    y = build.node(
        "depthwise_conv_2d",
        node.input(0),
        build.constant(factor.reshape(-1, 1, 1, 1), "weights"),
        build.constant(offset, "bias"),
        **bounds,
    )
    movement.replace(graph, last, y)
