"""Scores that all grow together: softmax sees differences only, so what they share is left out.

As naive Bayes gives them, of which one scale for all keeps too little of the differences.
"""

import numpy as np

from ..ir import Model
from ._constants import bias_of, has_bounds, set_constant, sole_reader


def center_scores(model: Model) -> None:
    graph = model.graph
    for node in graph.nodes:
        if node.op != "fully_connected" or has_bounds(node) or graph.is_output(node.output):
            continue
        reader = sole_reader(node.output)
        if reader is None or reader.op not in ("softmax", "arg_max"):
            continue
        weights = node.input(1).data.astype(np.float64)
        shared = weights.mean(0)
        if np.square(shared).mean() > np.square(weights - shared).mean():
            set_constant(node, 1, weights - shared)
            set_constant(node, 2, bias_of(node) - bias_of(node).mean())
