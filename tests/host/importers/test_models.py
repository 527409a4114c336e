"""Whole models, small, random and real, against onnxruntime."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from tinypack import demo, importers, passes
from tinypack.calibrate import verify_import

from tests.models.make_seeded import NETS, seeded
from tests.models.make_small import SMALL, external_data
from tests.models.random_graph import random_model

from .imported import check, inner_transposes

# All of the evaluation set but the recurrent ones.
SHARED = [
    *("kws", "kws.keras", "ic", "ic.keras", "wand_cnn", "hello_world", "digits_cnn", "wine_mlp"),
    *("har_conv1d", "har_conv1d.dyn", "magicwand_cnn", "diabetes_mlp", "diabetes_mlp.dyn"),
    *("iris_mlp", "iris_mlp.dyn", "cifar_mbv2", "cifar_mbv2.dyn", "cifar_mbv2.bn"),
]


@pytest.mark.parametrize("name", SMALL)
def test_small_model(name, tmp_path):
    graph = check(SMALL[name](), tmp_path)
    assert not inner_transposes(graph)


@pytest.mark.parametrize("seed", range(100))
def test_random_model(seed, tmp_path):
    graph = check(random_model(seed), tmp_path)
    assert not inner_transposes(graph)


@pytest.mark.parametrize("name", SHARED)
def test_shared_model(name, shared_models):
    path = shared_models / f"models/{name}.onnx"
    graph = passes.run(importers.load(path)).graph
    samples = np.load(shared_models / f"samples/{name.split('.')[0]}.npz")["x_test"][:25]
    assert verify_import(path, graph, samples) < 1e-4
    assert not [node for node in graph.nodes if node.op == "transpose"]


@pytest.mark.parametrize("name", ["har_gru", "har_gru.dyn"])
def test_recurrent_model(name, shared_models):
    """Of all steps only the last one is ever kept."""
    path = shared_models / f"models/{name}.onnx"
    graph = passes.run(importers.load(path)).graph
    samples = np.load(shared_models / "samples/har_gru.npz")["x_test"][:25]
    assert verify_import(path, graph, samples) < 1e-4
    assert [node.op for node in graph.nodes] == ["gru", "fully_connected"]
    assert graph.nodes[0].output.shape == (1, 1, 32)


def test_bundled_model():
    model = passes.run(importers.load(Path(demo.MODEL)))
    samples = np.load(demo.SAMPLES)["x_test"][:100]
    assert verify_import(Path(demo.MODEL), model.graph, samples) < 1e-4
    assert model.labels == tuple("0123456789")
    assert {node.op for node in model.graph.nodes} == {
        *("conv_2d", "depthwise_conv_2d", "add", "max_pool_2d", "average_pool_2d"),
        *("fully_connected", "softmax"),
    }


@pytest.mark.parametrize("name", NETS)
def test_benchmark_model(name, tmp_path):
    path, samples = seeded(name, tmp_path)
    graph = passes.run(importers.load(path)).graph
    assert verify_import(path, graph, np.load(samples)["x_test"]) < 1e-4
    assert not [node for node in graph.nodes if node.op in ("transpose", "quantize", "mul", "pad")]


def test_external_data(tmp_path):
    path = external_data(tmp_path)
    graph = passes.run(importers.load(path)).graph
    model = onnx.load(path)
    shape = [size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim]
    samples = np.random.default_rng(0).standard_normal((3, *shape), np.float32)
    assert verify_import(path, graph, samples) < 1e-4
