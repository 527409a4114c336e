"""IsolationForest: skl2onnx asks trees for the numbers of leaves, and looks up what these hold.

A leaf's depth and what its samples would add to it are known, so leaves hold their sum.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ._onnx_scores import makers_of
from ._onnx_trees import BRANCH_LISTS

_LISTS = (*BRANCH_LISTS, "target_nodeids", "target_ids")


def add_depths(graph: onnx.GraphProto) -> None:
    makers = makers_of(graph)
    power = next((node for node in graph.node if node.op_type == "Pow"), onnx.NodeProto())
    exponent = makers.get(power.input[1] if power.input else "", onnx.NodeProto())
    ratio = makers.get(exponent.input[0] if exponent.op_type == "Neg" else "", onnx.NodeProto())
    trees = [node for node in graph.node if node.op_type == "TreeEnsembleRegressor"]
    encoders = [node for node in graph.node if node.op_type == "LabelEncoder"]
    if ratio.op_type != "Div" or not trees or len(encoders) != 2 * len(trees):
        return
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    lists: dict[str, Any] = defaultdict(list)
    rows = set()
    for number, tree in enumerate(trees):
        row, features = _row(makers, constants, tree.input[0])
        rows.add(row)
        given = {a.name: helper.get_attribute_value(a) for a in tree.attribute}
        own = [node for node in encoders if _source(makers, node) == tree.output[0]]
        counts = [node for node in own if _is_compared(graph, node.output[0])]
        if len(own) != 2 or len(counts) != 1:
            return
        samples = _map(counts[0])
        depths = _map(own[own.index(counts[0]) - 1])
        for key in _LISTS:
            lists[key] += given[key]
        picks = [features[i] if features else i for i in given["nodes_featureids"]]
        lists["nodes_featureids"] += picks
        lists["nodes_treeids"] += [number] * len(picks)
        leaves = [round(leaf) for leaf in given["target_weights"]]
        lists["target_treeids"] += [number] * len(leaves)
        lists["target_weights"] += [
            depths[leaf] - 1 + _average_depth(samples[leaf]) for leaf in leaves
        ]
    if len(rows) != 1:
        return
    sums = f"{ratio.output[0]}/depths"
    ensemble = helper.make_node(
        "TreeEnsembleRegressor",
        [rows.pop()],
        [sums],
        sums,
        domain="ai.onnx.ml",
        n_targets=1,
        **lists,
    )
    graph.node.insert(0, ensemble)
    ratio.input[0] = sums
    # 2 to some power, with the power in the place of the variable.
    half = numpy_helper.from_array(np.log(constants[power.input[0]]).astype(np.float32), "log_2")
    graph.initializer.append(half)
    scaled = helper.make_node("Mul", [power.input[1], "log_2"], ["power_of_e"])
    place = list(graph.node).index(power)
    graph.node.insert(place, scaled)
    power.CopyFrom(helper.make_node("Exp", ["power_of_e"], power.output, power.name))


def _row(
    makers: Mapping[str, onnx.NodeProto], constants: Mapping[str, Any], name: str
) -> tuple[str, list[int]]:
    """What a tree reads, and which features of it."""
    gather = makers.get(name, onnx.NodeProto())
    if gather.op_type == "Gather" and gather.input[1] in constants:
        return str(gather.input[0]), constants[gather.input[1]].reshape(-1).tolist()
    return name, []


def _source(makers: Mapping[str, onnx.NodeProto], node: onnx.NodeProto) -> str:
    cast = makers.get(node.input[0], onnx.NodeProto())
    return str(cast.input[0] if cast.op_type == "Cast" else node.input[0])


def _map(node: onnx.NodeProto) -> dict[int, float]:
    given = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return dict(zip(given["keys_int64s"], given["values_floats"], strict=True))


def _is_compared(graph: onnx.GraphProto, name: str) -> bool:
    """As the number of samples is with 2, other than a depth."""
    for node in graph.node:
        if name in node.input:
            return node.op_type == "Equal" or (
                node.op_type == "Reshape" and _is_compared(graph, node.output[0])
            )
    return False


def _average_depth(samples: float) -> float:
    """Of a tree that keeps on splitting so many samples (Liu, Ting and Zhou, 2008)."""
    if samples <= 1:
        return 0.0
    if samples <= 2:
        return 1.0
    return float(2 * (np.log(samples - 1) + np.euler_gamma) - 2 * (samples - 1) / samples)
