"""A .tflite file on our engine and on TensorFlow Lite Micro's."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tinypack
from tinyinfer import Model


def outputs(file: bytes, folder: Path, runs: int = 4) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Ours and theirs, for random inputs and extremes; the file has one input and one output."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    path = folder / "model.tflite"
    path.write_bytes(file)
    model = Model(tinypack.pack(path).file)
    judge = runtime.Interpreter.from_bytes(file)
    shape = judge.get_input_details(0)["shape"]
    rng = np.random.default_rng(1)
    for run in range(runs):
        x = rng.integers(-128, 128, shape) if run else rng.choice([-128, 127], shape)
        x = x.astype(np.int8)
        judge.set_input(x, 0)
        judge.invoke()
        expected = judge.get_output(0).reshape(-1)
        y = np.zeros(expected.size, np.int8)
        model.run(x.reshape(-1), y)
        yield y, expected
