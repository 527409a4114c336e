"""Nearest neighbours with s16: what ranks them and what counts their votes, kept exact.

Rounded to s8, two samples that are nearly as near change places: what the weights of the layer
that ranks them lose becomes a second layer, and both are added. Votes are ones and zeros and stay
so, or classes of as many votes would not be level.
"""

import numpy as np

from ..ir import Graph, Node, QuantParams, Value, constant
from .linear import LIMITS


def split_ranked(graph: Graph) -> None:
    for node in graph.nodes.copy():
        if node.op != "fully_connected":
            continue
        if all(use.node.op != "top_k" for use in node.output.uses):
            _keep_ones(node)
            continue
        weights = node.input(1).data.astype(np.float64)
        largest = np.maximum(np.abs(weights).max(1), np.finfo(np.float32).tiny)
        scale = (largest / LIMITS["s8"]).astype(np.float32).astype(np.float64)
        coarse = np.rint(weights / scale[:, None]) * scale[:, None]
        name = node.output.name
        rough, rest, total = (
            Value(graph.fresh_name(f"{name}/{part}"), node.output.shape)
            for part in ("rough", "rest", "total")
        )
        graph.replace_all_uses_with(node.output, total)
        first = constant(f"{rough.name}/weights", coarse.astype(np.float32))
        first.quant = QuantParams("s8", tuple(scale.tolist()), (0,) * len(scale), 0)
        second = constant(f"{rest.name}/weights", (weights - coarse).astype(np.float32))
        none = constant(f"{rest.name}/bias", np.zeros(len(scale), np.float32))
        for inputs, output in (
            ((node.input(0), first, node.input(2)), rough),
            ((node.input(0), second, none), rest),
        ):
            graph.insert(Node("fully_connected", inputs, [output], node.attrs, node.name), node)
        graph.insert(Node("add", [rough, rest], [total], {}, node.name), node)
        graph.remove(node)


def _keep_ones(node: Node) -> None:
    """Codes 0 and 1, if no row has more than one number beside 0."""
    weights = node.input(1).data
    if weights.max() > 0 and np.isin(weights, (0, weights.max())).all():
        kept = constant(f"{node.input(1).name}/ones", weights)
        scale = (float(weights.max()),) * len(weights)
        kept.quant = QuantParams("s8", scale, (0,) * len(scale), 0)
        node.set_input(1, kept)
