"""Models of scikit-learn: what skl2onnx puts around numbers, and shapes of ai.onnx.ml.

A classifier gives a label and scores. The packed model gives the scores, which say the label too:
what only makes labels is left out, and their names go to the model's labels.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..errors import PackError
from ._onnx_bayes import bound_squares
from ._onnx_boosting import add_votes
from ._onnx_clusters import score_clusters
from ._onnx_isolation import add_depths
from ._onnx_neighbors import rank_neighbours
from ._onnx_polynomial import join_products
from ._onnx_scores import simplify_scores
from ._onnx_trees import as_regressors

DOMAIN = "ai.onnx.ml"
CLASSIFIERS = ("TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier")
_LABELS = ("classlabels_int64s", "classlabels_ints", "classlabels_strings")
_LABEL_TYPES = (TensorProto.INT64, TensorProto.STRING, TensorProto.INT32)


def is_tabular(proto: onnx.ModelProto) -> bool:
    """Whether it is a model of scikit-learn or its like."""
    return proto.producer_name == "skl2onnx" or any(
        node.domain == DOMAIN for node in proto.graph.node
    )


def without_labels(graph: onnx.GraphProto) -> tuple[str, ...]:
    """Leaves the scores of a classifier alone in the graph; the names of its classes."""
    as_regressors(graph)
    labels = _labels(graph)
    _drop_maps(graph)
    score_clusters(graph)
    scores = [o for o in graph.output if o.type.tensor_type.elem_type not in _LABEL_TYPES]
    if scores:
        del graph.output[:]
        graph.output.extend(scores)
    _drop_unused(graph)
    _plain(graph)
    rank_neighbours(graph)
    add_votes(graph)
    add_depths(graph)
    _drop_unused(graph)
    _refuse_ensembles(graph)
    _join_votes(graph)
    bound_squares(graph)
    join_products(graph)
    simplify_scores(graph)
    _drop_unused(graph)
    return labels


def _plain(graph: onnx.GraphProto) -> None:
    """Operators of ai.onnx.ml that ONNX itself has."""
    for place, node in reversed(list(enumerate(graph.node))):
        given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        if node.op_type == "Imputer":
            # It fills in what is missing, and no integer says that it is.
            plain = [helper.make_node("Identity", node.input, node.output, node.name)]
        elif node.op_type == "Binarizer":
            threshold, above = (f"{node.output[0]}/{what}" for what in ("threshold", "above"))
            value = np.array([given.get("threshold", 0.0)], np.float32)
            graph.initializer.append(numpy_helper.from_array(value, threshold))
            plain = [
                helper.make_node("Greater", [node.input[0], threshold], [above], node.name),
                helper.make_node("Cast", [above], node.output, node.name, to=TensorProto.FLOAT),
            ]
        else:
            continue
        graph.node.remove(node)
        for number, new in enumerate(plain):
            graph.node.insert(place + number, new)


def _refuse_ensembles(graph: onnx.GraphProto) -> None:
    """Models of trees and others that go on with labels or places where scores would do."""
    makers = {name: node for node in graph.node for name in node.output}
    read = {name for node in graph.node for name in node.input}
    voters = [
        node
        for node in graph.node
        if (node.op_type in CLASSIFIERS and node.output[0] in read)
        or (node.op_type == "ArgMax" and _is_by(makers, node.input[0], CLASSIFIERS))
    ]
    if voters:
        raise PackError(
            f"node {voters[0].name!r}: an ensemble votes by the labels of its members; train"
            " VotingClassifier(voting='soft'), OneVsRestClassifier or RandomForestClassifier,"
            " which add scores"
        )
    for node in graph.node:
        to_integers = any(a.i == TensorProto.INT64 for a in node.attribute if a.name == "to")
        if to_integers and _is_by(makers, node.input[0], ("TreeEnsembleRegressor",)):
            raise PackError(
                f"node {node.name!r}: goes on with the indices of leaves, not as skl2onnx writes"
                " IsolationForest; export it anew"
            )
        if node.op_type == "GatherElements":
            raise PackError(
                f"node {node.name!r}: AdaBoostRegressor takes a weighted median of its members;"
                " train GradientBoostingRegressor instead"
            )


def _is_by(makers: Mapping[str, onnx.NodeProto], name: str, ops: Sequence[str]) -> bool:
    return name in makers and makers[name].op_type in ops


def _labels(graph: onnx.GraphProto) -> tuple[str, ...]:
    """As the last node has them that names classes: those before may be of two, or members'."""
    if not any(output.type.tensor_type.elem_type in _LABEL_TYPES for output in graph.output):
        return ()
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in reversed(graph.node):
        given = {attribute.name: attribute for attribute in node.attribute}
        for key in _LABELS:
            if key in given:
                names = helper.get_attribute_value(given[key])
                return tuple(_text(name) for name in names)
        if node.op_type == "ArrayFeatureExtractor" and node.input[0] in constants:
            classes = numpy_helper.to_array(constants[node.input[0]])
            return tuple(_text(name) for name in classes.reshape(-1).tolist())
    return ()


def _text(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


def _drop_maps(graph: onnx.GraphProto) -> None:
    """ZipMap makes a dictionary of scores."""
    maps = {node.output[0]: node for node in graph.node if node.op_type == "ZipMap"}
    for output in graph.output:
        if output.name in maps:
            name = maps[output.name].input[0]
            output.CopyFrom(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    for node in maps.values():
        graph.node.remove(node)


def _join_votes(graph: onnx.GraphProto) -> None:
    """An SVC's scores of pairs and what skl2onnx makes votes of them with, as one operator.

    Scores of pairs, by themselves or coupled to probabilities, name no class: scikit-learn decides
    by votes in any case.
    """
    outputs = {output.name for output in graph.output}
    for node in graph.node:
        given = {attribute.name: attribute for attribute in node.attribute}
        classes = max(
            (len(helper.get_attribute_value(given[k])) for k in _LABELS if k in given), default=0
        )
        if node.op_type != "SVMClassifier" or classes < 3:
            continue
        behind = {node.output[1]}
        for other in graph.node:
            if behind & set(other.input):
                behind |= set(other.output)
        kinds = {other.op_type for other in graph.node if behind & set(other.input)}
        ends = outputs & behind
        # skl2onnx compares with 0 to count votes.
        if len(outputs) == 1 and ends and ("Less" in kinds or kinds <= {"Cast", "Identity"}):
            (end,) = ends
            for other in list(graph.node):
                if end in other.output and other is not node:
                    graph.node.remove(other)
            node.output[1] = end
            for key in ("prob_a", "prob_b"):
                if key in given:
                    node.attribute.remove(given[key])
            node.attribute.append(helper.make_attribute("votes", 1))


def _drop_unused(graph: onnx.GraphProto) -> None:
    wanted = {output.name for output in graph.output}
    kept = []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    constants = [tensor for tensor in graph.initializer if tensor.name in wanted]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(constants)


def output_shape(
    op: str, shape: Sequence[int], attrs: Mapping[str, Any], picked: int
) -> tuple[int, ...] | None:
    """Of the scores; None of operators that are not known. `picked`: size of a second input."""
    rows = tuple(shape[:-1])
    classes = next((len(attrs[key]) for key in _LABELS if attrs.get(key)), 0)
    match op:
        case "Scaler" | "Normalizer":
            return tuple(shape)
        case "ArrayFeatureExtractor":
            return (*rows, picked)
        case "TreeEnsembleClassifier" | "LinearClassifier":
            return (*rows, max(classes, 1))
        case "SVMClassifier":
            pairs = classes * (classes - 1) // 2
            paired = classes != 2 and not attrs.get("prob_a") and not attrs.get("votes")
            return (*rows, pairs if paired else classes)
        case "TreeEnsembleRegressor":
            return (*rows, int(attrs.get("n_targets", 1)))
        case "LinearRegressor":
            return (*rows, int(attrs.get("targets", 1)))
        case "SVMRegressor":
            return (*rows, 1)
    return None
