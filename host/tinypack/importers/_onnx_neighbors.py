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

_METRICS = {
    b"euclidean": "euclidean",
    b"sqeuclidean": "euclidean",
    b"manhattan": "manhattan",
    b"cityblock": "manhattan",
}
_BODIES = {
    ("Sub", "ReduceSumSquare"): "euclidean",
    ("Sub", "Abs", "ReduceSum"): "manhattan",
    ("Sub", "ReduceL1"): "manhattan",
}
_MOVES = {"Flatten", "Reshape", "Cast", "ArrayFeatureExtractor"}
# Of as many votes the first class wins: by this share of a vote over the last one.
_FIRST = 0.2
# Steps of s16 between the greatest and the least closeness, of samples to each other.
_STEPS = 1 << 15
_TINY = float(np.finfo(np.float32).tiny)


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
    """The node before the root and the transposition of the distances."""
    node = makers.get(name, onnx.NodeProto())
    while node.op_type in ("Sqrt", "Pow", "Transpose"):
        node = makers.get(node.input[0], onnx.NodeProto())
    return node


def _refusal(node: onnx.NodeProto, reason: str) -> PackError:
    return PackError(
        f"node {node.name!r}: of nearest neighbours {reason}; train with weights='uniform' and"
        " metric='euclidean' or 'manhattan', or a forest; of outliers, IsolationForest"
    )


def _replace(
    graph: onnx.GraphProto,
    makers: Mapping[str, onnx.NodeProto],
    constants: Mapping[str, TensorProto],
    top: onnx.NodeProto,
) -> None:
    distance = _distance(makers, top.input[0])
    x, samples = distance.input
    metric = _metric(distance)
    if not metric or samples not in constants or top.input[1] not in constants:
        raise _refusal(top, "another distance than the Euclidean or Manhattan one is taken")
    k = int(numpy_helper.to_array(constants[top.input[1]]).reshape(()))
    result, weights = _votes(graph, makers, constants, top, k)
    known = numpy_helper.to_array(constants[samples]).astype(np.float64)
    around = known - known.mean(0)
    of = f"{top.name or top.output[1]}/"
    arrays = {
        "weights": weights,
        "all": weights.sum(0) - _FIRST * np.abs(weights).max() * _places(weights.shape[1]),
        "minus": np.array(-1.0),
        "zero": np.array(0.0),
    }
    if metric == "manhattan":
        # Of the same sample 0, of the farthest ones no more than across all features.
        arrays["samples"] = known[None]
        arrays["factor"] = -np.array(_STEPS / max(np.ptp(known, 0).sum(), _TINY))
    else:
        closeness = -(known.mean(0) * around).sum(1) - np.square(around).sum(1) / 2
        factor = _STEPS / max(np.ptp(known @ around.T + closeness), _TINY)
        arrays["samples"] = factor * around.T
        arrays["closeness"] = factor * closeness
    for name, array in arrays.items():
        tensor = numpy_helper.from_array(np.asarray(array, np.float32), of + name)
        graph.initializer.append(tensor)
    for name, integers in (("last", [k - 1]), ("row", [-1, 1, known.shape[1]]), ("axes", [2])):
        graph.initializer.append(numpy_helper.from_array(np.array(integers), of + name))

    def step(op: str, inputs: Sequence[str], output: str, **attrs: Any) -> onnx.NodeProto:
        return helper.make_node(op, inputs, [output], name=output, **attrs)

    score, best, least, short, vote = (
        of + name for name in ("score", "best", "least", "short", "vote")
    )
    ranked = step("TopK", [score, top.input[1]], best, largest=1)
    ranked.output.append(f"{of}at")
    steps = [step("Gemm", [x, f"{of}samples", f"{of}closeness"], score)]
    if metric == "manhattan":
        steps = [
            step("Reshape", [x, f"{of}row"], f"{of}x"),
            step("Sub", [f"{of}x", f"{of}samples"], f"{of}differences"),
            step("Abs", [f"{of}differences"], f"{of}sizes"),
            step("ReduceSum", [f"{of}sizes", f"{of}axes"], f"{of}distances", keepdims=0),
            step("Mul", [f"{of}distances", f"{of}factor"], score),
        ]
    steps += [
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


def _places(classes: int) -> Floats:
    """0 for the first to 1 for the last."""
    places: Floats = np.arange(classes) / max(classes - 1, 1)
    return places


def _metric(distance: onnx.NodeProto) -> str:
    """That the distances are of; "" of others."""
    given = {attribute.name: attribute for attribute in distance.attribute}
    if distance.op_type == "CDist":
        return _METRICS.get(given["metric"].s if "metric" in given else b"euclidean", "")
    body = tuple(node.op_type for node in given["body"].g.node if node.op_type != "Identity")
    return _BODIES.get(body, "")


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
        raise _refusal(top, "the distances themselves count")
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
