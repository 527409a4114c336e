"""What skl2onnx writes around scores so that floats do not overflow, which integers cannot do."""

from collections.abc import Mapping

import onnx
from onnx import TensorProto, helper

_SHAPES = ("Reshape", "Flatten", "Unsqueeze", "Identity")


def simplify_scores(graph: onnx.GraphProto) -> None:
    _join_softmax(graph)
    _drop_guards(graph)


def makers_of(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    return {name: node for node in graph.node for name in node.output}


def replace_uses(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for position, name in enumerate(node.input):
            if name == old:
                node.input[position] = new


def _join_softmax(graph: onnx.GraphProto) -> None:
    """exp(x - log(sum(exp(x)))), of a row."""
    makers = makers_of(graph)
    for place, node in enumerate(graph.node):
        difference = makers.get(node.input[0]) if node.op_type == "Exp" else None
        if difference is None or difference.op_type != "Sub":
            continue
        total = _behind_shapes(makers, difference.input[1])
        if total.op_type == "ReduceLogSumExp" and total.input[0] == difference.input[0]:
            softmax = helper.make_node("Softmax", total.input[:1], node.output, node.name, axis=-1)
            graph.node.remove(node)
            graph.node.insert(place, softmax)


def _behind_shapes(makers: Mapping[str, onnx.NodeProto], name: str) -> onnx.NodeProto:
    node = makers.get(name, onnx.NodeProto())
    while node.op_type in _SHAPES:
        node = makers.get(node.input[0], onnx.NodeProto())
    return node


def _drop_guards(graph: onnx.GraphProto) -> None:
    """Where probabilities add up to 0, 1 is added to each, and their number to the sum. Those that
    come out of a sigmoid or a forest do not."""
    makers = makers_of(graph)
    zeros = {
        node.output[0]
        for node in graph.node
        if node.op_type == "Cast" and _is_guard(makers, node.input[0])
    }
    for node in list(graph.node):
        if not zeros & set(node.input):
            continue
        if node.op_type == "Mul":
            zeros.add(node.output[0])
        elif node.op_type == "Add":
            (kept,) = [name for name in node.input if name not in zeros] or [""]
            if kept and node.output[0] not in {output.name for output in graph.output}:
                replace_uses(graph, node.output[0], kept)


def _is_guard(makers: Mapping[str, onnx.NodeProto], name: str) -> bool:
    """Whether the condition is that a sum is 0."""
    inverted = makers.get(name, onnx.NodeProto())
    if inverted.op_type != "Not":
        return False
    cast = makers.get(inverted.input[0], onnx.NodeProto())
    if cast.op_type != "Cast" or not any(a.i == TensorProto.BOOL for a in cast.attribute):
        return False
    return makers.get(cast.input[0], onnx.NodeProto()).op_type == "ReduceSum"
