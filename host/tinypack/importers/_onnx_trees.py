"""TreeEnsemble of ai.onnx.ml 5, which counts leaves apart from nodes, as the older operator."""

from collections.abc import Sequence
from typing import Any

import onnx
from onnx import helper, numpy_helper

from ..errors import PackError

_AGGREGATES = ("AVERAGE", "SUM", "MIN", "MAX")
_MODES = ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ", "MEMBER")
_POST_TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
# Lists of a tree's nodes that joining trees leaves as they are.
BRANCH_LISTS = (
    "nodes_nodeids",
    "nodes_values",
    "nodes_modes",
    "nodes_truenodeids",
    "nodes_falsenodeids",
)
_INNER = ("featureids", "splits", "modes", "truenodeids", "trueleafs")


def as_regressors(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        if node.op_type == "TreeEnsemble":
            regressor = _regressor(node)
            node.CopyFrom(regressor)


def _regressor(node: onnx.NodeProto) -> onnx.NodeProto:
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def column(key: str) -> list[Any]:
        value = given.get(key, ())
        if isinstance(value, onnx.TensorProto):
            return list(numpy_helper.to_array(value).tolist())
        return list(value)

    def word(key: str, words: Sequence[str], default: int) -> str:
        number = int(given.get(key, default))
        if not 0 <= number < len(words):
            raise _damaged(node, f"has {key} {number}")
        return words[number]

    inner = {key: column(f"nodes_{key}") for key in (*_INNER, "falsenodeids", "falseleafs")}
    targets, weights = column("leaf_targetids"), column("leaf_weights")
    if len({*map(len, inner.values())}) != 1 or len(targets) != len(weights):
        raise _damaged(node, "has lists of different lengths")
    count = len(inner["featureids"])
    rows: list[tuple[int, int, int, float, str, int, int]] = []
    leaves: list[tuple[int, int, int, float]] = []
    for tree, root in enumerate(column("tree_roots")):
        # (index, whether of a leaf), each at the place that is its id in the tree
        reached = [(root, False)]
        for here, (index, is_leaf) in enumerate(reached):
            if not 0 <= index < len(targets if is_leaf else inner["modes"]):
                raise _damaged(node, f"has no {'leaf' if is_leaf else 'node'} {index}")
            if is_leaf:
                rows.append((tree, here, 0, 0.0, "LEAF", 0, 0))
                leaves.append((tree, here, targets[index], weights[index]))
                continue
            if not 0 <= inner["modes"][index] < len(_MODES):
                raise _damaged(node, f"compares with mode {inner['modes'][index]}")
            mode = f"BRANCH_{_MODES[inner['modes'][index]]}"
            after = len(reached)
            split = inner["splits"][index]
            rows.append((tree, here, inner["featureids"][index], split, mode, after, after + 1))
            for side in ("true", "false"):
                is_leaf = bool(inner[f"{side}leafs"][index])
                reached.append((inner[f"{side}nodeids"][index], is_leaf))
            if len(reached) > 2 * count + 1:
                raise _damaged(node, "has trees with loops")
    keys = ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")
    return helper.make_node(
        "TreeEnsembleRegressor",
        node.input,
        node.output,
        node.name,
        domain=node.domain,
        n_targets=int(given.get("n_targets", 1)),
        aggregate_function=word("aggregate_function", _AGGREGATES, 1),
        post_transform=word("post_transform", _POST_TRANSFORMS, 0),
        **_columns("nodes", keys, rows),
        **_columns("target", ("treeids", "nodeids", "ids", "weights"), leaves),
    )


def _columns(what: str, keys: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {f"{what}_{key}": [row[i] for row in rows] for i, key in enumerate(keys)}


def _damaged(node: onnx.NodeProto, what: str) -> PackError:
    return PackError(f"node {node.name!r}: {node.op_type} {what}; export the model anew")
