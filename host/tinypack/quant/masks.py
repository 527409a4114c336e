"""Attention masks as numbers that eight bits can hold: a masked score becomes one a little below
all that were seen, so that the scale is that of the scores.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..ir import FloatArray, Graph, Node, Value, constant
from ..ops._mask import masked

# So far below the least score seen: exp(-8) is a tenth of the least probability above zero.
_BELOW = 8.0
_MOST = 1e4  # of a score that is none


def bound_masks(graph: Graph, inputs: Sequence[FloatArray]) -> None:
    """`inputs` are calibration samples as ops.run takes them."""
    away = {node: found for node in graph.nodes if (found := masked(node)) is not None}
    if not away:
        return
    least = dict.fromkeys(away, np.inf)
    for node, where in away.items():
        k = node.input(1)
        finite = np.where(where, -_MOST, k.data).astype(np.float32)
        node.set_input(1, constant(graph.fresh_name(f"{k.name}/finite"), finite))

    def visit(node: Node, _: Sequence[FloatArray], y: FloatArray) -> None:
        if node in away:
            seen = y[np.broadcast_to(~away[node], y.shape)]
            least[node] = min(least[node], float(seen.min(initial=np.inf)))

    ops.run(graph, inputs, visit)
    for node, where in away.items():
        floor = least[node] - _BELOW if np.isfinite(least[node]) else 0.0
        _bound(graph, node, where, floor)


def _bound(graph: Graph, node: Node, away: NDArray[np.bool_], floor: float) -> None:
    """A minimum behind the add, or in place of it if it did nothing else."""
    k, x = node.input(1), node.input(0)
    rest = np.where(away, 0, k.data).astype(np.float32)
    if rest.any() or x.shape != node.output.shape:
        node.set_input(1, constant(graph.fresh_name(f"{k.name}/rest"), rest))
        x = Value(graph.fresh_name(f"{node.output.name}/sum"), node.output.shape)
        graph.insert(Node("add", list(node.inputs), [x], dict(node.attrs), node.name), node)
    most = np.where(away, floor, _MOST).astype(np.float32)
    bounds = constant(graph.fresh_name(f"{k.name}/bounds"), most)
    y = Value(graph.fresh_name(f"{node.output.name}/masked"), node.output.shape)
    graph.insert(Node("minimum", [x, bounds], [y], {}, node.name), node)
    graph.replace_all_uses_with(node.output, y)
    graph.remove(node)
