"""LSTM of int8 .tflite files gives exactly what TensorFlow Lite Micro gives, run after run."""

from pathlib import Path

import numpy as np
import pytest

from tests.host.importers.tflm import outputs
from tests.tflite_file import Operator, Tensor, constant, model

# steps, inputs, units, clip of the cell, exponent of its scale
CASES = [(1, 3, 4, 0.0, -11), (6, 5, 7, 10.0, -12), (4, 8, 12, 1.5, -14), (9, 2, 3, 0.0, -9)]


def _lstm(steps: int, inputs: int, units: int, clip: float, cell: int) -> bytes:
    rng = np.random.default_rng(steps)
    x_scale, hidden_scale = 0.03, 0.0071

    def codes(*shape: int) -> np.ndarray:
        return rng.integers(-127, 128, shape).astype(np.int8)

    weights = [constant(codes(units, inputs), [0.004 + 0.001 * g]) for g in range(4)]
    weights += [constant(codes(units, units), [0.006 + 0.001 * g]) for g in range(4)]
    biases = [
        constant(rng.integers(-4000, 4000, units).astype(np.int32), [x_scale * w.scale[0]])
        for w in weights[:4]
    ]
    states = [
        Tensor((1, units), [hidden_scale], 5, state="int8"),
        Tensor((1, units), [2.0**cell], state="int16"),
    ]
    x = Tensor((1, steps, inputs), [x_scale], -9)
    y = Tensor((1, steps, units), [hidden_scale], 5)
    tensors = [x, *weights, *biases, *states, y]
    # no peepholes, no projection, no normalized layer
    read = [*range(9), *[-1] * 3, *range(9, 13), -1, -1, 13, 14, *[-1] * 4]
    options = {"FusedActivationFunction": 4, "CellClip": clip}
    kind = "UNIDIRECTIONAL_SEQUENCE_LSTM"
    made = [len(tensors) - 1]
    return model(
        tensors, [Operator(kind, read, made, "UnidirectionalSequenceLSTMOptions", options)]
    )


@pytest.mark.parametrize("case", CASES)
def test_lstm(case: tuple[int, int, int, float, int], tmp_path: Path) -> None:
    seen = set()
    for actual, expected in outputs(_lstm(*case), tmp_path, runs=6):
        assert actual.tolist() == expected.tolist()
        seen.add(tuple(actual.tolist()))
    assert len(seen) == 6
