"""Features of very different size: each gets a mean and a deviation in the model file's input.

Sums and products with one number per feature go there; so does, for decision trees, the range of
each feature's thresholds, since what lies beyond them makes no difference. Features that are only
compared with a number, as Binarizer does, become such trees: exact where a table would round.
"""

import numpy as np

from ..ir import Graph, Model, Node, QuantParams, Value
from ..ops._build import Builder
from ..ops._condition import STEPS
from ..ops._trees import of_steps
from . import _movement as movement
from ._constants import Floats, has_bounds, is_affine, per_channel, sole_reader

# Thresholds span so many integers to either side: some of s16 are left for what lies beyond.
_SPAN = 32000
# Where a feature is only compared with zero, any small deviation does.
_SMALL = 2.0**-10


def scale_inputs(model: Model) -> None:
    graph = model.graph
    for value in graph.inputs:
        if value.shape and value.onnx_permutation is None and value.quant is None:
            if value.shape[-1] == np.prod(value.shape):
                _absorb(graph, value)
                if model.tabular:
                    _compare(graph, value)
            _fit_trees(graph, value)


def _absorb(graph: Graph, value: Value) -> None:
    while (node := sole_reader(value)) is not None and is_affine(node) and not has_bounds(node):
        k = per_channel(node)
        if k is None or graph.is_output(value) or (node.op == "mul" and k.min() <= 0):
            return
        if not graph.can_replace(node.output, value):
            return
        if node.op == "mul":
            value.normalize(np.zeros_like(k), 1 / k)
        else:
            value.normalize(-k, np.ones_like(k))
        movement.replace(graph, node, value)


def _compare(graph: Graph, value: Value) -> None:
    readers = value.users
    if graph.is_output(value) or any(not _is_step(node) for node in readers):
        return
    for node in readers:
        name, _, bound = node.attrs["function"]
        trees = of_steps(name, bound, value.shape[-1])
        movement.replace(
            graph, node, Builder(graph, node).node("tree_ensemble", value, trees=trees)
        )


def _is_step(node: Node) -> bool:
    if node.op != "table" or has_bounds(node) or node.input(0).rank not in (1, 2):
        return False
    name, *operands = node.attrs["function"]
    return name in STEPS and operands[0] == "x" and not isinstance(operands[1], tuple)


def _fit_trees(graph: Graph, value: Value) -> None:
    readers = value.users
    if not readers or graph.is_output(value) or any(n.op != "tree_ensemble" for n in readers):
        return
    features = value.shape[-1]
    mean, std = value.normalization or (np.zeros(features), np.ones(features))
    bounds = [node.attrs["trees"].ranges(features) for node in readers]
    low = np.min([low for low, _ in bounds], 0) * std + mean
    high = np.max([high for _, high in bounds], 0) * std + mean
    middle: Floats = (low + high) / 2
    # The file's offsets reach no further than the integers themselves.
    reach = np.maximum((high - low) / 2, np.abs(middle))
    reach[reach == 0] = _SMALL
    for node in readers:
        node.attrs["trees"] = node.attrs["trees"].scaled((middle - mean) / std, reach / std)
    value.normalization = middle, reach
    value.quant = QuantParams("s16", (1 / _SPAN,), (0,))
