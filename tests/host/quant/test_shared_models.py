"""What packed models reach on all test samples of the shared networks.

Agreement is the share of samples whose class is the float model's.
"""

import numpy as np
import pytest
from tinypack.calibrate import reference
from tinypack.evaluate import evaluate
from tinypack.pipeline import pack
from tinypack.report import cost
from tinypack.samples import load_calibration, load_test

# model: least right answers, least agreement in %, most file bytes, most arena bytes
INT8 = {
    "kws": (368, 99.0, 36_000, 9_600),
    "ic": (348, 98.8, 90_000, 36_500),
    "cifar_mbv2": (0, 98.0, 45_000, None),
    "har_conv1d": (425, 99.4, 30_000, None),
    "digits_cnn": (376, 99.0, 10_000, None),
    "magicwand_cnn": (0, 98.8, 10_000, None),
    "wine_mlp": (71, None, None, None),
    "iris_mlp": (65, None, None, None),
}
INT4 = {
    "kws": (0, 97.5, 24_000, 9_600),
    "ic": (0, 96.0, 50_000, 36_500),
    "cifar_mbv2": (0, 94.5, 30_000, None),
    "digits_cnn": (0, 98.4, 8_000, None),
    "har_conv1d": (0, 99.0, 16_000, None),
}
# model, precision, metric, bound
REGRESSION = [
    ("hello_world", "int8", "mae", 0.0162),
    ("hello_world", "int4", "mae", 0.0185),
    ("hello_world", "int16", "mae", 0.0125),
    ("diabetes_mlp", "int8", "r2", 0.415),
]


def measure(folder, name, precision, metric=None, suffix="onnx"):
    source = folder / "models" / f"{name}.{suffix}"
    samples = folder / "samples" / f"{name.partition('.')[0]}.npz"
    packed = pack(source, load_calibration(samples), precision=precision)
    test = load_test(samples)
    expected = reference(source, test.x)[0]
    return packed, evaluate(packed.file, packed.model, test, metric=metric, reference=expected)


@pytest.mark.parametrize(
    ("precision", "name"), [*(("int8", name) for name in INT8), *(("int4", name) for name in INT4)]
)
def test_classifier(shared_models, name, precision):
    right, agreement, file_bytes, arena = {"int8": INT8, "int4": INT4}[precision][name]
    packed, result = measure(shared_models, name, precision)
    assert round(result.value * result.samples) >= right
    assert 100 * result.agreement >= (agreement or 0)
    assert len(packed.file) <= (file_bytes or len(packed.file))
    assert packed.plan.arena_bytes <= (arena or packed.plan.arena_bytes)


# precision: most disagreement with float in % of all samples together
POOLED = {"int8": 0.9, "int4": 2.4, "int16": 0.25}


@pytest.mark.parametrize("precision", POOLED)
def test_pooled(shared_models, precision):
    """The sharpest test: all classifiers together."""
    wrong = total = 0
    for name in (*INT8, "wand_cnn"):
        _, result = measure(shared_models, name, precision)
        wrong += round((1 - result.agreement) * result.samples)
        total += result.samples
    assert 100 * wrong / total <= POOLED[precision]


@pytest.mark.parametrize(("name", "precision", "metric", "bound"), REGRESSION)
def test_regression(shared_models, name, precision, metric, bound):
    _, result = measure(shared_models, name, precision, metric)
    assert result.value >= bound if metric == "r2" else result.value <= bound


@pytest.mark.parametrize("name", ["digits_cnn.float", "digits_cnn.int8"])
def test_tflite(shared_models, name):
    """Its operators are ours already: it takes the way around the passes."""
    packed, result = measure(shared_models, name, "int8", suffix="tflite")
    assert round(result.value * result.samples) >= 376
    assert result.agreement >= 0.985 and packed.warnings == ()


def test_exports_of_one_network_pack_alike(shared_models):
    """tf2onnx's form and torch's form of the same weights: the same accuracy."""
    for name in ("kws.keras", "cifar_mbv2.bn"):
        _, plain = measure(shared_models, name.partition(".")[0], "int8")
        _, other = measure(shared_models, name, "int8")
        assert np.isclose(plain.value, other.value, atol=0.01)


@pytest.mark.parametrize("name", ["kws", "ic", "cifar_mbv2", "har_conv1d", "digits_cnn"])
def test_auto(shared_models, name):
    """Within a point of float (and one sample), in half of int8's weight bytes."""
    packed, result = measure(shared_models, name, "auto")
    assert result.value >= result.float_value - 0.01 - 1 / result.samples
    weights = cost(packed.model, len(packed.file))
    assert weights.weight_bytes <= 0.53 * weights.params
