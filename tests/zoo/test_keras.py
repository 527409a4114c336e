"""Files that TensorFlow's own converter has written: int8 ones give what TensorFlow Lite Micro
gives, the others the outputs of the float network; what is refused is told why and what to do."""

from pathlib import Path

import numpy as np
import pytest
import tinypack
from tinyinfer import Model
from tinypack.calibrate import reference
from tinypack.errors import PackError
from tinypack.evaluate import feed
from tinypack.execute import run_samples
from tinypack.samples import Samples

from .report import LEAST, WORDS, _sqnr

FOLDER = Path(__file__).parent / "keras"
STORED = sorted(
    path.name for kind in ("int8", "int8_float") for path in FOLDER.glob(f"*.{kind}.tflite")
)
FLOATS = {
    "mnist_cnn.dynamic": (0, 255),
    "audio_conv1d.float16": (-2, 2),
    "rare_activations.float": (-2, 2),
}
REFUSED = {
    "rnn.float": "build recurrent layers with unroll=True",
}


def _inputs(judge, count: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Anything, around some level."""
    made = []
    for i in range(count):
        details = judge.get_input_details(i)
        shape = details["shape"]
        if details["dtype"] == np.float32:
            made.append(rng.normal(rng.normal(0, 2), 1, shape).astype(np.float32))
        else:
            low, high = sorted(rng.choice(range(-128, 129), 2, replace=False))
            made.append(rng.integers(low, high, shape).astype(np.int8))
    return made


@pytest.mark.parametrize("name", [n for n in STORED if n != "text_cnn.int8.tflite"])
def test_int8_is_what_tflm_gives(name: str) -> None:
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    model = Model(tinypack.pack(FOLDER / name).file)
    judge = runtime.Interpreter.from_file(str(FOLDER / name), arena_size=1 << 20)
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(6):
        inputs = _inputs(judge, len(model.inputs), rng)
        for i, x in enumerate(inputs):
            judge.set_input(x, i)
        judge.invoke()
        expected = [np.array(judge.get_output(i)) for i in range(len(model.outputs))]
        outputs = tuple(np.zeros(e.size, e.dtype) for e in expected)
        model.run(tuple(x.reshape(-1) for x in inputs), outputs)
        for y, e in zip(outputs, expected, strict=True):
            # A product in float32 dequantizes: integers that differ are far more apart.
            np.testing.assert_allclose(y, e.reshape(-1), rtol=1e-6 * (y.dtype == np.float32))
        seen.add(b"".join(y.tobytes() for y in outputs))
    assert len(seen) > 1


def test_int16x8_is_what_tflm_gives() -> None:
    """But for the last softmax, which ours rounds better."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    path = FOLDER / "motion_mlp.int16x8.tflite"
    model = Model(tinypack.pack(path).file)
    judge = runtime.Interpreter.from_file(str(path), arena_size=1 << 20)
    y = np.zeros(4, np.float32)
    for x in np.random.default_rng(1).normal(0, 1.5, (20, 1, 33)).astype(np.float32):
        judge.set_input(x, 0)
        judge.invoke()
        model.run(x.reshape(-1), y)
        np.testing.assert_allclose(y, judge.get_output(0)[0], atol=1e-3)


def test_words_are_looked_up() -> None:
    """The interpreter has no SELECT for indices, which Keras puts in front of a table."""
    packed = tinypack.pack(FOLDER / "text_cnn.int8.tflite")
    words = Samples(np.random.default_rng(1).integers(0, WORDS, (16, 20)).astype(np.float32))
    (actual,) = run_samples(packed.file, feed(packed.model, words))
    (expected,) = reference(FOLDER / "text_cnn.onnx", words.x)
    assert _sqnr(actual, expected) >= LEAST


@pytest.mark.parametrize(("name", "limits"), FLOATS.items())
def test_float_kinds_are_quantized(name: str, limits: tuple[float, float]) -> None:
    path = FOLDER / f"{name}.tflite"
    (x,) = tinypack.load(path).graph.inputs
    rng = np.random.default_rng(1)
    calibration, unseen = (rng.uniform(*limits, (n, *x.shape[1:])) for n in (32, 16))
    packed = tinypack.pack(path, Samples(calibration.astype(np.float32)))
    test = Samples(unseen.astype(np.float32))
    (actual,) = run_samples(packed.file, feed(packed.model, test))
    (expected,) = reference(path, test.x)
    assert _sqnr(actual, expected) >= LEAST


@pytest.mark.parametrize(("name", "remedy"), REFUSED.items())
def test_what_is_refused_has_a_remedy(name: str, remedy: str) -> None:
    with pytest.raises(PackError, match=remedy) as refusal:
        tinypack.pack(FOLDER / f"{name}.tflite")
    assert "\n" not in str(refusal.value)
