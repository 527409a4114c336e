"""AdaBoostClassifier of trees: each tree votes for one class, so a leaf holds its vote.

All trees become one ensemble whose sums behind a softmax are scikit-learn's probabilities.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ._onnx_scores import makers_of
from ._onnx_trees import BRANCH_LISTS

_NODE_LISTS = (*BRANCH_LISTS, "nodes_featureids")


def add_votes(graph: onnx.GraphProto) -> None:
    makers = makers_of(graph)
    constants = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if tensor.data_type in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
    }
    outputs = {output.name for output in graph.output}
    for end in list(graph.node):
        if end.op_type != "Div" or end.output[0] not in outputs:
            continue
        exponent = makers.get(end.input[0], onnx.NodeProto())
        if exponent.op_type != "Exp":
            continue
        factor, name = 1.0, exponent.input[0]
        while (node := makers.get(name, onnx.NodeProto())).op_type in ("Mul", "Div"):
            by = constants.get(node.input[1])
            if by is None or by.size != 1:
                break
            number = float(by.reshape(()))
            factor = factor * number if node.op_type == "Mul" else factor / number
            name = node.input[0]
        if node.op_type != "Sum":
            continue
        voters = [_voter(makers, constants, vote) for vote in node.input]
        members = [voter for voter in voters if voter is not None]
        if len(members) == len(voters) and len({tree.input[0] for tree, _ in members}) == 1:
            _replace(graph, end, [(tree, factor * weight) for tree, weight in members])


def _voter(
    makers: Mapping[str, onnx.NodeProto], constants: Mapping[str, Any], name: str
) -> tuple[onnx.NodeProto, float] | None:
    """A tree and by how much the class that it votes for exceeds the others."""
    product = makers.get(name, onnx.NodeProto())
    if product.op_type != "Mul" or product.input[1] not in constants:
        return None
    chosen = makers.get(product.input[0], onnx.NodeProto())
    if chosen.op_type != "Where" or chosen.input[2] not in constants:
        return None
    equal = makers.get(chosen.input[0], onnx.NodeProto())
    winner = makers.get(equal.input[0], onnx.NodeProto()) if equal.input else equal
    tree = makers.get(winner.input[0], onnx.NodeProto()) if winner.input else winner
    ones = makers.get(chosen.input[1], onnx.NodeProto())
    kinds = (equal.op_type, winner.op_type, tree.op_type, ones.op_type)
    if kinds != ("Equal", "ArgMax", "TreeEnsembleClassifier", "ConstantOfShape"):
        return None
    weight = float(constants[product.input[1]].reshape(()))
    return tree, weight * (1.0 - float(constants[chosen.input[2]].reshape(-1)[0]))


def _replace(
    graph: onnx.GraphProto, end: onnx.NodeProto, members: list[tuple[onnx.NodeProto, float]]
) -> None:
    lists: dict[str, Any] = defaultdict(list)
    count = 0
    for number, (tree, weight) in enumerate(members):
        given: dict[str, Any] = {a.name: helper.get_attribute_value(a) for a in tree.attribute}
        labels = given.get("classlabels_int64s") or given["classlabels_strings"]
        count = len(labels)
        for key in _NODE_LISTS:
            lists[key] += given[key]
        lists["nodes_treeids"] += [number] * len(given["nodes_nodeids"])
        shares = {node: np.zeros(count) for node in given["class_nodeids"]}
        of_one = count == 2 and len(set(given["class_ids"])) == 1
        for node, label, share in zip(
            given["class_nodeids"], given["class_ids"], given["class_weights"], strict=True
        ):
            shares[node] += [1 - share, share] if of_one else np.eye(count)[label] * share
        for node, row in shares.items():
            lists["target_treeids"].append(number)
            lists["target_nodeids"].append(node)
            lists["target_ids"].append(int(row.argmax()))
            lists["target_weights"].append(weight)
    sums = f"{end.output[0]}/votes"
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        members[0][0].input,
        [sums],
        sums,
        domain="ai.onnx.ml",
        n_targets=count,
        **lists,
    )
    softmax = helper.make_node("Softmax", [sums], end.output, end.name, axis=-1)
    place = list(graph.node).index(end)
    graph.node.remove(end)
    graph.node.insert(place, ensemble)
    graph.node.insert(place + 1, softmax)
