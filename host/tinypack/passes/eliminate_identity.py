"""Removes source operators that hand their input on: Identity, Dropout, Cast to floats, and
whatever with constant arguments leaves every element where it was (as a Gather of all indices).
"""

from math import prod

import numpy as np

from ..errors import PackError
from ..ir import Graph, Model, Node

_MOVES = ("Gather", "Slice", "Expand", "Tile", "Concat", "DepthToSpace", "SpaceToDepth")


def eliminate_identity(model: Model) -> None:
    graph = model.graph
    for node in graph.nodes.copy():
        if _is_identity(node):
            source, output = node.input(0), node.outputs[0]
            refuse_extra_outputs(graph, node)
            if graph.can_replace(output, source):
                graph.replace_all_uses_with(output, source)
                graph.remove(node)
            else:
                _turn_into(model, node, "Identity")
        elif node.op in _MOVES and _keeps_order(model, node):
            _turn_into(model, node, "Reshape")


def _is_identity(node: Node) -> bool:
    if node.op == "Dropout":
        # It drops nothing outside of training, or with a ratio of zero.
        ratio, training = (*node.inputs[1:], None, None)[:2]
        if training is None or (training.is_constant and not training.data.any()):
            return True
        return ratio is not None and ratio.is_constant and not ratio.data.any()
    if node.op == "Cast":
        # Conditions are numbers already: ops/_condition.py.
        return node.input(0).dtype in ("f32", "bool") and node.outputs[0].dtype == "f32"
    if node.op == "Normalizer" and node.attrs.get("norm") == "L1":
        # Shares already: skl2onnx puts it behind every classifier.
        before = node.input(0).producer
        return before is not None and before.attrs.get("post_transform") == "SOFTMAX"
    return node.op == "Identity"


def refuse_extra_outputs(graph: Graph, node: Node) -> None:
    """Masks, indices, statistics: only the first output of an operator is supported."""
    for output in node.outputs[1:]:
        if output.uses or graph.is_output(output):
            raise PackError(
                f"node {node.name!r}: output {output.name!r} of {node.op} is used;"
                " only the first output is supported, remove the other from the model"
            )


def _keeps_order(model: Model, node: Node) -> bool:
    data, *arguments = node.inputs
    if data is None or data.is_constant or model.evaluate is None:
        return False
    if any(value is not None and not value.is_constant for value in arguments):
        return False
    if prod(data.shape) != prod(node.outputs[0].shape):
        return False
    indices = np.arange(prod(data.shape), dtype=np.float32)
    if len(indices) > 1 << 24:  # beyond it float32 skips integers
        return False
    arrays = [value.constant if value is not None else None for value in arguments]
    (moved,) = model.evaluate(node, [indices.reshape(data.shape), *arrays])
    return bool(np.array_equal(moved.reshape(-1), indices))


def _turn_into(model: Model, node: Node, op: str) -> None:
    """The same output from an operator that reads input 0 only."""
    node.op = op
    node.attrs = {}
    node.set_inputs(node.inputs[:1])
