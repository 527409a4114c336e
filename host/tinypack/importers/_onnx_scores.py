"""What skl2onnx writes around scores so that floats do not overflow, which integers cannot do."""

from collections.abc import Mapping
from typing import Any

import onnx
from onnx import TensorProto, helper

from ..errors import PackError

_SHAPES = ("Reshape", "Flatten", "Unsqueeze", "Identity")


def simplify_scores(graph: onnx.GraphProto) -> None:
    _join_softmax(graph)
    _drop_guards(graph)
    _join_shares(graph)


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
    zeros = set()
    for node in graph.node:
        total = _guarded(makers, node.input[0]) if node.op_type == "Cast" else None
        if total is None:
            continue
        if _is_clipped(makers, total.input[0]):
            raise PackError(
                f"node {total.name!r}: SGDClassifier(loss='modified_huber') gives several classes"
                " the probability 1 or none, which names no class; train it with loss='log_loss'"
                " or 'hinge'"
            )
        zeros.add(node.output[0])
    for node in list(graph.node):
        if not zeros & set(node.input):
            continue
        if node.op_type == "Mul":
            zeros.add(node.output[0])
        elif node.op_type == "Add":
            (kept,) = [name for name in node.input if name not in zeros] or [""]
            if kept and node.output[0] not in {output.name for output in graph.output}:
                replace_uses(graph, node.output[0], kept)


def _guarded(makers: Mapping[str, onnx.NodeProto], name: str) -> onnx.NodeProto | None:
    """The sum that the condition compares with 0."""
    inverted = makers.get(name, onnx.NodeProto())
    if inverted.op_type != "Not":
        return None
    cast = makers.get(inverted.input[0], onnx.NodeProto())
    if cast.op_type != "Cast" or not any(a.i == TensorProto.BOOL for a in cast.attribute):
        return None
    total = makers.get(cast.input[0], onnx.NodeProto())
    return total if total.op_type == "ReduceSum" else None


def _is_clipped(makers: Mapping[str, onnx.NodeProto], name: str) -> bool:
    """Whether a bounded line gives the probabilities: at its ends they are all alike."""
    node = makers.get(name, onnx.NodeProto())
    while node.op_type in ("Add", "Div", "Mul"):
        (name, *_) = [each for each in node.input if each in makers] or [""]
        node = makers.get(name, onnx.NodeProto())
    return node.op_type in ("Clip", "Max", "Min")


def _join_shares(graph: onnx.GraphProto) -> None:
    """s(x) / sum(s(x)) is the softmax of log(s(x)), which tells values apart where the sigmoid s
    is all but 0."""
    makers = makers_of(graph)
    for place, node in reversed(list(enumerate(graph.node))):
        if node.op_type != "Div":
            continue
        total = makers.get(node.input[1], onnx.NodeProto())
        if total.op_type != "ReduceSum" or total.input[0] != node.input[0]:
            continue
        score = _negated_score(makers, node.input[0])
        if score:
            name = node.output[0]
            steps: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
                ("Softplus", score, f"{name}/softplus", {}),
                ("Neg", f"{name}/softplus", f"{name}/log", {}),
                ("Softmax", f"{name}/log", name, {"axis": -1}),
            )
            graph.node.remove(node)
            for number, (op, before, after, attrs) in enumerate(steps):
                graph.node.insert(
                    place + number, helper.make_node(op, [before], [after], after, **attrs)
                )


def _negated_score(makers: Mapping[str, onnx.NodeProto], name: str) -> str:
    """-x of 1 / (1 + exp(-x)); "" of anything else."""
    for op in ("Reciprocal", "Add", "Exp"):
        node = makers.get(name, onnx.NodeProto())
        if node.op_type != op:
            return ""
        (name, *_) = [each for each in node.input if each in makers] or [""]
    return name
