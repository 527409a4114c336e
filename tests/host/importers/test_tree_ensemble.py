"""TreeEnsemble of ai.onnx.ml 5: what onnxruntime computes, and nothing of a damaged one."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper
from tinypack.calibrate import _session
from tinypack.errors import PackError
from tinypack.execute import run_samples
from tinypack.pipeline import load, pack
from tinypack.samples import Samples

X = np.array(list(product([0, 1, 2, 3], [1, 2, 3], [-2, -1, 0])), np.float32)


def ensemble(modes: tuple[int, ...] = (0, 0, 0), **changed: object) -> ModelProto:
    """Two trees over three features, with splits that inputs meet exactly."""
    given = {
        "n_targets": 2,
        "tree_roots": [0, 2],
        "nodes_featureids": [0, 1, 2],
        "nodes_splits": helper.make_tensor("splits", TensorProto.FLOAT, [3], [1.0, 2.0, -1.0]),
        "nodes_modes": helper.make_tensor("modes", TensorProto.UINT8, [3], modes),
        "nodes_truenodeids": [1, 1, 3],
        "nodes_trueleafs": [0, 1, 1],
        "nodes_falsenodeids": [0, 2, 4],
        "nodes_falseleafs": [1, 1, 1],
        "leaf_targetids": [0, 1, 0, 1, 1],
        "leaf_weights": helper.make_tensor(
            "weights", TensorProto.FLOAT, [5], [1.0, -2.0, 3.0, 0.5, 5.0]
        ),
    } | changed
    node = helper.make_node("TreeEnsemble", ["X"], ["Y"], "trees", domain="ai.onnx.ml", **given)
    infos = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
        for name, size in (("X", 3), ("Y", 2))
    )
    x, y = infos
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 5)]
    graph = helper.make_graph([node], "trees", [x], [y])
    return helper.make_model(graph, opset_imports=opsets, ir_version=10)


def saved(model: ModelProto, folder: Path) -> Path:
    path = folder / "trees.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def sums(path: Path) -> np.ndarray:
    return np.concatenate([_session(path).run(None, {"X": row[None]})[0] for row in X])


def packed_outputs(path: Path) -> np.ndarray:
    (outputs,) = run_samples(pack(path, Samples(X), precision="int16").file, [X])
    return outputs.reshape(-1, 2)


@pytest.mark.parametrize("modes", [(0, 1, 2), (1, 2, 3), (2, 3, 0), (3, 0, 1)])
def test_leaves_are_those_of_onnxruntime(modes: tuple[int, ...], tmp_path: Path) -> None:
    path = saved(ensemble(modes), tmp_path)
    assert len(np.unique(sums(path), axis=0)) == 6
    assert packed_outputs(path) == pytest.approx(sums(path), abs=2e-3)


def test_post_transforms_are_numbered_as_in_the_standard(tmp_path: Path) -> None:
    """onnxruntime takes 1 and 2 the other way round."""
    raw = np.exp(sums(saved(ensemble(), tmp_path)))
    softmax = packed_outputs(saved(ensemble(post_transform=1), tmp_path))
    assert softmax == pytest.approx(raw / raw.sum(1, keepdims=True), abs=2e-3)
    logistic = packed_outputs(saved(ensemble(post_transform=2), tmp_path))
    assert logistic == pytest.approx(raw / (1 + raw), abs=2e-3)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"nodes_trueleafs": [0, 0, 1]}, "loops"),
        ({"tree_roots": [0, 7]}, "no node 7"),
        ({"nodes_falsenodeids": [9, 2, 4]}, "no leaf 9"),
        ({"nodes_featureids": [0, 1]}, "different lengths"),
        ({"nodes_featureids": [0, 1, 5]}, "feature 5 of 3"),
        ({"modes": (0, 6, 0)}, "MEMBER"),
        ({"aggregate_function": 2}, "MIN"),
        ({"aggregate_function": 9}, "aggregate_function 9"),
    ],
)
def test_refused_in_one_sentence(changed: dict[str, object], reason: str, tmp_path: Path) -> None:
    with pytest.raises(PackError, match=reason) as info:
        pack(saved(ensemble(**changed), tmp_path), Samples(X))
    assert "\n" not in str(info.value)


def test_loads_as_one_operator(tmp_path: Path) -> None:
    graph = load(saved(ensemble(), tmp_path)).graph
    assert [node.op for node in graph.nodes] == ["tree_ensemble"]
