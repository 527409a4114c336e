"""The models that ship and those that tests and benchmarks make: what is promised about them."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from zlib import crc32

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from tinypack import demo
from tinypack.demo import train_digits
from tinypack.demo.layers import (
    BatchNorm,
    Clip,
    Conv,
    Gemm,
    GlobalAveragePool,
    Pool,
    Residual,
    Sequential,
)

from tests.models import make_seeded
from tests.models.count_macs import count_macs
from tests.models.make_small import REFUSED, SMALL, external_data, random_inputs

ROOT = Path(__file__).parents[2]


def run(model: onnx.ModelProto | Path, inputs: dict, names=None) -> list[np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    source = model if isinstance(model, Path) else model.SerializeToString()
    return onnxruntime.InferenceSession(source, options).run(names, inputs)


def run_each(model: onnx.ModelProto, samples: np.ndarray, names=None) -> list[np.ndarray]:
    """Outputs for all samples of a model with batch 1."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    feed = session.get_inputs()[0].name
    runs = [session.run(names, {feed: sample[None]}) for sample in samples]
    return [np.concatenate(output) for output in zip(*runs, strict=True)]


def initializers(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


# digits


@pytest.fixture(scope="module")
def digits() -> onnx.ModelProto:
    model = onnx.load(demo.MODEL)
    onnx.checker.check_model(model, full_check=True)
    return model


@pytest.fixture(scope="module")
def digits_samples() -> dict[str, np.ndarray]:
    return dict(np.load(demo.SAMPLES))


@pytest.fixture(scope="module")
def trained() -> Sequential:
    return train_digits.train_network(train_digits.load_data())


def test_digits_accuracy(digits, digits_samples):
    (probabilities,) = run_each(digits, digits_samples["x_test"])
    assert np.mean(probabilities.argmax(1) == digits_samples["y_test"]) >= 0.96


def test_digits_is_small(digits):
    learned = [value for name, value in initializers(digits).items() if "running" not in name]
    assert sum(value.size for value in learned) <= 6000
    assert count_macs(digits) == 55_296
    assert demo.MODEL.stat().st_size < 30_000
    assert demo.SAMPLES.stat().st_size < 60_000


def test_digits_exercises_the_operators(digits):
    nodes = Counter(node.op_type for node in digits.graph.node)
    assert nodes.keys() == {
        "Conv", "BatchNormalization", "Relu", "Clip", "Add", "MaxPool", "AveragePool",
        "GlobalAveragePool", "Flatten", "Gemm", "Softmax",
    }  # fmt: skip
    assert nodes["BatchNormalization"] >= 2
    groups = {
        onnx.helper.get_node_attr_value(node, "group")
        for node in digits.graph.node
        if node.op_type == "Conv"
    }
    assert groups == {1, 16, 32}
    assert {entry.key: entry.value for entry in digits.metadata_props} == {
        "labels": "0,1,2,3,4,5,6,7,8,9"
    }


def test_digits_samples_are_apart_and_balanced(digits_samples):
    s = digits_samples
    assert s["x_calib"].shape == (100, 1, 8, 8) and s["x_test"].shape == (400, 1, 8, 8)
    assert s["x_calib"].dtype == s["x_test"].dtype == np.float32
    assert np.array_equal(np.bincount(s["y_calib"]), [10] * 10)
    assert np.bincount(s["y_test"]).min() >= 38
    calib, test = ({x.tobytes() for x in s[key]} for key in ("x_calib", "x_test"))
    assert len(calib) == 100 and not calib & test


def test_digits_training_gives_the_files(digits, digits_samples, trained):
    assert train_digits.export(trained).SerializeToString() == digits.SerializeToString()
    again = train_digits.samples(train_digits.load_data())
    assert again.keys() == digits_samples.keys()
    for key, value in again.items():
        assert value.dtype == digits_samples[key].dtype, key
        assert np.array_equal(value, digits_samples[key]), key


def test_digits_export_computes_what_was_trained(digits, digits_samples, trained):
    x = digits_samples["x_test"]
    logits = trained.forward(x.transpose(0, 2, 3, 1).astype(np.float64), training=False)
    assert run_each(digits, x)[0] == pytest.approx(train_digits.softmax(logits), abs=1e-5)


def test_layer_gradients():
    """Against central differences, through every kind of layer."""
    rng = np.random.default_rng(3)
    network = Sequential(
        Conv("conv", rng, 2, 4, 3, bias=True),
        BatchNorm("bn", 4),
        Clip("relu"),
        Residual("add", Conv("depthwise", rng, 4, 4, 3, depthwise=True), Clip("relu6", 1.0)),
        Pool("max", maximum=True),
        Pool("average", maximum=False),
        GlobalAveragePool("mean"),
        Gemm("gemm", rng, 4, 3),
    )
    x = rng.standard_normal((5, 8, 8, 2))
    weight = rng.standard_normal((5, 3))

    def loss() -> float:
        return float((network.forward(x, training=True) * weight).sum())

    def slope(array: np.ndarray, index: tuple[int, ...]) -> float:
        step, kept = 1e-6, array[index]
        array[index] = kept + step
        above = loss()
        array[index] = kept - step
        below = loss()
        array[index] = kept
        return (above - below) / (2 * step)

    loss()
    to_input = network.backward(weight)
    pairs = [(p.value, p.gradient.copy()) for p in network.parameters()]
    for array, gradient in [*pairs, (x, to_input)]:
        for _ in range(6):
            index = tuple(rng.integers(array.shape))
            assert gradient[index] == pytest.approx(slope(array, index), rel=1e-4, abs=1e-6)


# Seeded networks

MACS = {"kws": 2_656_768, "ic": 12_501_632, "vww": 7_489_664, "ad": 264_192}
# Weights and samples; measurements are quoted for exactly these.
CRC = {"kws": 0x679989A6, "ic": 0xB066DA92, "vww": 0x2FE6B6F2, "ad": 0x68959C54}
INPUT = {"kws": (1, 49, 10, 1), "ic": (1, 32, 32, 3), "vww": (1, 3, 96, 96), "ad": (1, 640)}
NODES = {
    "kws": "Transpose:2 Conv:9 Relu:9 AveragePool:1 Reshape:1 Gemm:1 Softmax:1",
    "ic": "Transpose:1 Conv:9 Relu:7 Add:3 AveragePool:1 Reshape:1 Gemm:1 Softmax:1",
    "vww": "Conv:27 Relu:27 GlobalAveragePool:1 Flatten:1 Gemm:1 Softmax:1",
    "ad": "Gemm:10 Relu:9",
}
seeded_net = pytest.mark.parametrize("name", list(MACS))


@pytest.fixture(scope="module")
def seeded_files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("seeded")
    for name in MACS:
        assert make_seeded.seeded(name, folder) == (
            folder / f"{name}.onnx",
            folder / f"{name}.npz",
        )
    return folder


def contents(folder: Path, name: str) -> int:
    arrays = initializers(onnx.load(folder / f"{name}.onnx")) | dict(
        np.load(folder / f"{name}.npz")
    )
    crc = 0
    for key in sorted(arrays):
        crc = crc32(np.ascontiguousarray(arrays[key]).tobytes(), crc)
    return crc


@seeded_net
def test_seeded_structure(seeded_files, name):
    model = onnx.load(seeded_files / f"{name}.onnx")
    assert count_macs(model) == MACS[name]
    nodes = Counter(node.op_type for node in model.graph.node)
    assert " ".join(f"{op}:{count}" for op, count in nodes.items()) == NODES[name]
    samples = np.load(seeded_files / f"{name}.npz")
    assert set(samples) == {"x_calib", "x_test"}
    assert samples["x_calib"].shape == (32, *INPUT[name][1:])
    assert samples["x_test"].shape == (8, *INPUT[name][1:])
    assert samples["x_calib"].dtype == samples["x_test"].dtype == np.float32
    feed = model.graph.input[0].type.tensor_type.shape.dim
    assert tuple(size.dim_value for size in feed) == INPUT[name]


@seeded_net
def test_seeded_clamps_as_trained_networks_do(name):
    model, graph = make_seeded.build(name)
    relus = [node.output[0] for node in model.graph.node if node.op_type == "Relu"]
    model.graph.output.extend(onnx.ValueInfoProto(name=relu) for relu in relus)

    def shares(samples: np.ndarray) -> list[float]:
        return [float(np.mean(y <= 0)) for y in run_each(model, samples, relus)]

    # The calibration pass computed what the file computes, and unseen samples behave alike.
    assert shares(graph.npz["x_calib"]) == pytest.approx(graph.clamped, abs=2e-3)
    assert 0.2 <= np.mean(shares(graph.npz["x_test"])) <= 0.6


@seeded_net
def test_seeded_inputs_lead_to_different_outputs(seeded_files, name):
    samples = np.load(seeded_files / f"{name}.npz")
    (y,) = run_each(onnx.load(seeded_files / f"{name}.onnx"), samples["x_calib"])
    assert np.isfinite(y).all()
    assert len(set(y.argmax(1))) >= 2
    assert y.std(0).max() > 0.05


def test_seeded_is_the_same_everywhere(seeded_files, tmp_path):
    """Another process, and on x86 another processor's inner loops for the sums."""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Nehalem"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT / "host"), str(ROOT)])
    command = [sys.executable, "-m", "tests.models.make_seeded", str(tmp_path)]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert said.stdout.count("of ReLU outputs clamped") == len(MACS)
    for name in MACS:
        assert contents(tmp_path, name) == contents(seeded_files, name) == CRC[name], name


# Small models


@pytest.mark.parametrize("name", [*SMALL, *REFUSED])
def test_small_model_runs_and_repeats(name):
    build = (SMALL | REFUSED)[name]
    model = build()
    assert model.SerializeToString() == build().SerializeToString()
    outputs = run(model, random_inputs(model))
    assert len(outputs) == len(model.graph.output)
    for y, info in zip(outputs, model.graph.output, strict=True):
        shape = [size.dim_value for size in info.type.tensor_type.shape.dim]
        assert len(shape) == y.ndim
        assert all(known in (0, actual) for known, actual in zip(shape, y.shape, strict=True))
        assert np.isfinite(y).all()
        assert y.size == 1 or y.std() > 0


@pytest.mark.parametrize(
    "names",
    [
        ("clip_attribute", "clip_input", "clip_constant_node"),
        ("hard_swish_node", "hard_swish_hard_sigmoid", "hard_swish_relu6"),
        ("pad_value_attribute", "pad_value_input"),
        ("reduce_mean_attribute", "reduce_mean_input"),
    ],
)
def test_small_models_that_say_the_same(names):
    first, *others = (SMALL[name]() for name in names)
    inputs = random_inputs(first)
    for other in others:
        assert run(other, inputs)[0] == pytest.approx(run(first, inputs)[0], abs=1e-6)


def test_external_data_is_the_same_model(tmp_path):
    model = SMALL["conv_2d"]()
    path = external_data(tmp_path)
    bare = onnx.load(path, load_external_data=False)
    assert all(t.data_location == onnx.TensorProto.EXTERNAL for t in bare.graph.initializer)
    inputs = random_inputs(model)
    assert np.array_equal(run(path, inputs)[0], run(model, inputs)[0])
