"""Runs a model file as a board would: the one place where tinypack meets the engine."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tinyinfer
from numpy.typing import NDArray
from tinyinfer.backend import engine_needs, new_engine

from .model_file import GoldenSpec, ModelSpec
from .plan.lifetime import tensor_bytes

Progress = Callable[[int, int], None]

# Start of the generator of the golden input; any other number would do as well.
GOLDEN_SEED = 1

_REPORT_EVERY = 16


def backend() -> str:
    """'cpython' for the C engine, 'python' for the one in Python."""
    return str(tinyinfer.BACKEND)


def run_samples(
    file: bytes, x: NDArray[np.float32], progress: Progress | None = None
) -> list[NDArray[np.float32]]:
    """Real outputs [samples, …] for each output of a model with one input."""
    if backend() == "python":
        return _run_in_python(file, x, progress)
    model = tinyinfer.Model(file)
    outputs = [np.empty((len(x), *info.shape), np.float32) for info in model.outputs]
    samples = np.ascontiguousarray(x, np.float32).reshape(len(x), -1)
    for i, sample in enumerate(samples):
        model.run(sample, tuple(output[i].reshape(-1) for output in outputs))
        if progress and i % _REPORT_EVERY == 0:
            progress(i, len(samples))
    return outputs


def _run_in_python(
    file: bytes, x: NDArray[np.float32], progress: Progress | None
) -> list[NDArray[np.float32]]:
    from tinyinfer.engine.batch import Batch

    batch = Batch(file)
    parts = []
    for start in range(0, len(x), _REPORT_EVERY):
        parts.append(batch.run(x[start : start + _REPORT_EVERY], floats=True))
        if progress:
            progress(start, len(x))
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def output_integers(file: bytes, x: NDArray[np.float32]) -> list[bytes]:
    """First output of every sample as the integers' bytes."""
    model = tinyinfer.Model(file)
    outputs = []
    for sample in np.ascontiguousarray(x, np.float32).reshape(len(x), -1):
        model.run(sample)
        outputs.append(bytes(model.output()))
    return outputs


def golden_noise(file: bytes, model: ModelSpec) -> GoldenSpec:
    """The golden vector of the generator's input, with the CRC of every operator's output."""
    data = _noise(GOLDEN_SEED, sum(tensor_bytes(model.tensors[i]) for i in model.inputs))
    engine = new_engine(file, bytearray(engine_needs(file)[0]))
    place = 0
    for index in range(len(model.inputs)):
        view = memoryview(engine.input(index)).cast("B")
        view[:] = data[place : place + len(view)]
        place += len(view)
    engine.start()
    crcs = []
    for index in range(len(model.nodes)):
        engine.run_node()
        crcs.append(engine.crc(index))
    return GoldenSpec(GOLDEN_SEED, b"", _outputs(engine, model), tuple(crcs))


def golden_sample(file: bytes, model: ModelSpec, sample: NDArray[np.float32]) -> GoldenSpec:
    """The golden vector of a real sample of a one-input model: its integers and the outputs."""
    engine = new_engine(file, bytearray(engine_needs(file)[0]))
    view = engine.input(0)
    engine.quantize(0, np.ascontiguousarray(sample, np.float32).reshape(-1), view)
    data = bytes(view)
    engine.run()
    return GoldenSpec(0, data, _outputs(engine, model), ())


def _outputs(engine: Any, model: ModelSpec) -> bytes:
    return b"".join(bytes(engine.output(index)) for index in range(len(model.outputs)))


def _noise(seed: int, count: int) -> bytes:
    """SPEC.md, "Golden vectors"."""
    state, data = seed, bytearray(count)
    for i in range(count):
        state = (1664525 * state + 1013904223) & 0xFFFFFFFF
        data[i] = state >> 24
    return bytes(data)
