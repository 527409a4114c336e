"""softmax against TensorFlow Lite Micro, whose fixed point SPEC.md spells out."""

import math

import numpy as np
import pytest
from tinyinfer.engine import Engine, needs
from tinypack.model_file import ModelSpec, NodeSpec, TensorSpec, write_model
from tinypack.plan import apply_plan, plan_memory

from tests.tflite_file import Tensor, one_operator

runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")


def _tflite_model(count: int, scale: float) -> bytes:
    """A .tflite file of one SOFTMAX."""
    x, y = Tensor((1, count), [scale]), Tensor((1, count), [1 / 256], -128)
    return one_operator("SOFTMAX", [x], y, "SoftmaxOptions", version=2, Beta=1.0)


def _engine(count: int, scale: float) -> Engine:
    """Attributes as TFLite's PreprocessSoftmaxScaling and CalculateInputRadius make them."""
    mantissa, shift = math.frexp(min(float(np.float32(scale)) * (1 << 26), (1 << 31) - 1.0))
    multiplier = round(mantissa * (1 << 31))
    if multiplier == 1 << 31:
        multiplier, shift = 1 << 30, shift + 1
    attributes = {
        "multiplier": multiplier,
        "shift": shift,
        "diff_min": -math.floor(31 * (1 << 26) / (1 << shift)),
    }
    tensors = (
        TensorSpec((1, count), "s8", name="x"),
        TensorSpec((1, count), "s8", -128, 1 / 256, name="y"),
    )
    model = ModelSpec(tensors, (NodeSpec("softmax", (0,), (1,), attributes),), (0,), (1,), 0)
    file = write_model(apply_plan(model, plan_memory(model)))
    return Engine(file, bytearray(needs(file)[0]), vectorized=False)


@pytest.mark.parametrize("count", [2, 3, 10, 12, 100, 300])
@pytest.mark.parametrize("scale", [2**-10, 0.003, 0.02, 0.0626, 0.1, 0.25, 1.0, 3.3, 7.9])
def test_equals_tflm(count: int, scale: float) -> None:
    reference = runtime.Interpreter.from_bytes(_tflite_model(count, scale))
    engine = _engine(count, scale)
    rng = np.random.default_rng(count)
    samples = [
        rng.integers(low, high, count) for low, high in ((-128, 128), (60, 90), (-128, -120))
    ]
    for x in [*samples, np.full(count, 7), np.arange(count) % 256 - 128]:
        x = x.astype(np.int8)
        reference.set_input(x[None], 0)
        reference.invoke()
        y = np.zeros(count, np.int8)
        engine.run(x, y)
        assert y.tolist() == reference.get_output(0)[0].tolist()
