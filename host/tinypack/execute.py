"""Runs a model file as a board would: the one place where tinypack meets the engine."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
import tinyinfer
from numpy.typing import NDArray
from tinyinfer.backend import engine_needs, new_engine
from tinyinfer.model_file import ModelFile

from . import ops
from .model_file import GoldenSpec, ModelSpec
from .optable import BY_CODE
from .plan.lifetime import tensor_bytes

Array = NDArray[np.float32]
Progress = Callable[[int, int], None]

# Start of the generator of the golden input; any other number would do as well.
GOLDEN_SEED = 1

_REPORT_EVERY = 16


def backend() -> str:
    """'cpython' for the C engine, 'python' for the one in Python."""
    return str(tinyinfer.BACKEND)


def run_samples(
    file: bytes, inputs: Sequence[Array], progress: Progress | None = None
) -> list[Array]:
    """Real outputs [samples, …], one array for each; `inputs` likewise. Each sample meets a state
    of zero, but that of the sample before if the model streams; one of several steps goes in step
    by step, and the outputs are those of the last."""
    stream = _streams(file)
    model = tinyinfer.Model(file)
    steps = _steps(model, inputs)
    if backend() == "python" and steps == 1 and not stream:
        return _run_in_python(file, inputs, progress)
    count = len(inputs[0])
    outputs = [np.empty((count, *info.shape), np.float32) for info in model.outputs]
    flat = _flat(model, inputs)
    for i in range(count):
        if not stream:
            model.reset()
        for step in range(steps):
            fed = tuple(x[i, step % x.shape[1]] for x in flat)
            model.run(fed, tuple(y[i].reshape(-1) for y in outputs))
        if progress and i % _REPORT_EVERY == 0:
            progress(i, count)
    return outputs


def _streams(file: bytes) -> bool:
    model = ModelFile(file)
    codes = (model.node(i).op for i in range(model.node_count))
    return ops.streams(BY_CODE[code].name for code in codes)


def _flat(model: tinyinfer.Model, inputs: Sequence[Array]) -> list[Array]:
    """[samples, steps, elements]"""
    return [
        np.ascontiguousarray(x, np.float32).reshape(len(x), -1, prod(info.shape))
        for x, info in zip(inputs, model.inputs, strict=True)
    ]


def _steps(model: tinyinfer.Model, inputs: Sequence[Array]) -> int:
    return max(int(x.shape[1]) for x in _flat(model, inputs))


def _run_in_python(file: bytes, inputs: Sequence[Array], progress: Progress | None) -> list[Array]:
    from tinyinfer.engine.batch import Batch

    batch = Batch(file)
    count = len(inputs[0])
    parts = []
    for start in range(0, count, _REPORT_EVERY):
        some = [x[start : start + _REPORT_EVERY] for x in inputs]
        parts.append(batch.run(*some, floats=True))
        if progress:
            progress(start, count)
    return [np.concatenate(arrays) for arrays in zip(*parts, strict=True)]


def output_integers(file: bytes, inputs: Sequence[Array]) -> list[bytes]:
    """First output of every sample as the integers' bytes."""
    model = tinyinfer.Model(file)
    flat = _flat(model, inputs)
    outputs = []
    stream = _streams(file)
    for i in range(len(flat[0])):
        if not stream:
            model.reset()
        for step in range(_steps(model, inputs)):
            model.run(tuple(x[i, step % x.shape[1]] for x in flat))
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


def golden_sample(file: bytes, model: ModelSpec, sample: Sequence[Array]) -> GoldenSpec:
    """The golden vector of a real sample: its integers and the outputs."""
    engine = new_engine(file, bytearray(engine_needs(file)[0]))
    data = b""
    for index, x in enumerate(sample):
        view = engine.input(index)
        # Of several steps the first.
        engine.load(index, np.ascontiguousarray(x, np.float32).reshape(-1)[: len(view)])
        data += bytes(view)
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
