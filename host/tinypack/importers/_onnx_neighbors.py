"""Nearest neighbours of scikit-learn, as skl2onnx writes them, in operators that rank and count.

The nearest sample t has the greatest x · (t - c) - |t - c|² / 2 - c · (t - c): half of -|x - t|²,
less what is the same for all t. c, the samples' mean, keeps these small. Those that reach the
k-th greatest vote, so samples at the same distance as the k-th vote as well: they fall short of it
by 0, others by a step of s16 or more, which is 1 here and clamped to 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from ..errors import PackError

Floats = NDArray[np.float64]

_DISTANCES = {b"euclidean", b"sqeuclidean"}
_MOVES = {"Flatten", "Reshape", "Cast", "ArrayFeatureExtractor"}
# Steps of s16 between the greatest and the least closeness, of samples to each other.
_STEPS = 1 << 15


def rank_neighbours(graph: onnx.GraphProto) -> None:
    """Replaces what finds neighbours and lets them vote; refuses other votes and distances."""
    makers = {name: node for node in graph.node for name in node.output}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in list(graph.node):
        if node.op_type == "TopK" and _is_distance(makers, node.input[0]):
            try:
                _replace(graph, makers, constants, node)
            except (KeyError, ValueError, IndexError) as error:
                raise PackError(
                    f"node {node.name!r}: its nearest neighbours are not as skl2onnx writes them;"
                    " export the model anew"
                ) from error


def _is_distance(makers: Mapping[str, onnx.NodeProto], name: str) -> bool:
    return _distance(makers, name).op_type in ("Scan", "CDist")


def _distance(makers: Mapping[str, onnx.NodeProto], name: str) -> onnx.NodeProto:
    """The node behind the root and the transposition of the distances."""
    node = makers.get(name, onnx.NodeProto())
    while node.op_type in ("Sqrt", "Transpose"):
        node = makers.get(node.input[0], onnx.NodeProto())
    return node


def _refusal(node: onnx.NodeProto, reason: str) -> PackError:
    return PackError(
        f"node {node.name!r}: of nearest neighbours {reason}; train with weights='uniform' and"
        " metric='euclidean', or a forest"
    )


def _replace(
    graph: onnx.GraphProto,
    makers: Mapping[str, onnx.NodeProto],
    constants: Mapping[str, TensorProto],
    top: onnx.NodeProto,
) -> None:
    distance = _distance(makers, top.input[0])
    x, samples = distance.input
    if not _is_euclidean(distance) or samples not in constants or top.input[1] not in constants:
        raise _refusal(top, "another distance than the Euclidean one is taken")
    k = int(numpy_helper.to_array(constants[top.input[1]]).reshape(()))
    result, weights = _votes(graph, makers, constants, top, k)
    known = numpy_helper.to_array(constants[samples]).astype(np.float64)
    around = known - known.mean(0)
    closeness = -(known.mean(0) * around).sum(1) - np.square(around).sum(1) / 2
    factor = _STEPS / max(np.ptp(known @ around.T + closeness), np.finfo(np.float32).tiny)
    of = f"{top.name or top.output[1]}/"
    arrays = {
        "samples": factor * around.T,
        "closeness": factor * closeness,
        "weights": weights,
        "all": weights.sum(0),
        "minus": np.array(-1.0),
        "zero": np.array(0.0),
    }
    for name, array in arrays.items():
        tensor = numpy_helper.from_array(np.asarray(array, np.float32), of + name)
        graph.initializer.append(tensor)
    graph.initializer.append(numpy_helper.from_array(np.array([k - 1]), f"{of}last"))

    def step(op: str, inputs: Sequence[str], output: str, **attrs: Any) -> onnx.NodeProto:
        return helper.make_node(op, inputs, [output], name=output, **attrs)

    score, best, least, short, vote = (
        of + name for name in ("score", "best", "least", "short", "vote")
    )
    ranked = step("TopK", [score, top.input[1]], best, largest=1)
    ranked.output.append(f"{of}at")
    steps = [
        step("Gemm", [x, f"{of}samples", f"{of}closeness"], score),
        ranked,
        step("Gather", [best, f"{of}last"], least, axis=1),
        step("Sub", [score, least], short),
        step("Clip", [short, f"{of}minus", f"{of}zero"], vote),
        step("Gemm", [vote, f"{of}weights", f"{of}all"], result),
    ]
    at = list(graph.node).index(top)
    for number, node in enumerate(steps):
        graph.node.insert(at + number, node)
    for node in list(graph.node):
        if node not in steps and result in node.output:
            graph.node.remove(node)


def _is_euclidean(distance: onnx.NodeProto) -> bool:
    given = {attribute.name: attribute for attribute in distance.attribute}
    if distance.op_type == "CDist":
        return "metric" not in given or given["metric"].s in _DISTANCES
    return [node.op_type for node in given["body"].g.node if node.op_type != "Identity"] == [
        "Sub",
        "ReduceSumSquare",
    ]


def _votes(
    graph: onnx.GraphProto,
    makers: Mapping[str, onnx.NodeProto],
    constants: Mapping[str, TensorProto],
    top: onnx.NodeProto,
    k: int,
) -> tuple[str, Floats]:
    """The output that neighbours make, and what each sample adds to its columns."""
    behind = {*top.output}
    ops = []
    targets: NDArray[Any] | None = None
    for node in graph.node:
        if node is top or not behind & set(node.input):
            continue
        behind |= set(node.output)
        ops.append(node)
        if node.op_type == "ArrayFeatureExtractor" and node.input[0] in constants:
            targets = numpy_helper.to_array(constants[node.input[0]]).reshape(-1)
    outputs = tuple(output.name for output in graph.output if output.name in behind)
    kinds = {node.op_type for node in ops} - _MOVES
    if targets is None or top.output[0] in {name for node in ops for name in node.input}:
        raise _refusal(top, "the distances weigh the votes")
    if len(outputs) == 1 and kinds == {"ReduceMean"}:
        return outputs[0], targets.reshape(-1, 1).astype(np.float64) / k
    if len(outputs) == 1 and kinds == {"Equal", "ReduceSum", "Concat", "Div"}:
        (joined,) = [node for node in ops if node.op_type == "Concat"]
        classes = [_class_of(makers, constants, name) for name in joined.input]
        return outputs[0], (targets.reshape(-1, 1) == classes) / k
    raise _refusal(top, "something else than a vote or a mean is taken")


def _class_of(
    makers: Mapping[str, onnx.NodeProto], constants: Mapping[str, TensorProto], name: str
) -> float:
    """The class that a column counts."""
    node = makers[name]
    while node.op_type != "Equal":
        node = makers[node.input[0]]
    return float(numpy_helper.to_array(constants[node.input[1]]).reshape(()))
