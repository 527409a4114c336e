"""Every case of every operator: all engines of this PC give the plain Python path's bytes.

Each case runs whole and in random steps, with memory shared and not, the arena full of rubbish and
a guard behind it. test_arithmetic.py holds the plain path itself to SPEC.md.
"""

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tinyinfer import engine as python_engine
from tinyinfer.engine.batch import Batch
from tinyinfer.model_file import DTYPE_CODES, DTYPE_NAMES
from tinypack.model_file import ModelSpec, write_model

from tests.ops import sweep

try:
    import _tinyinfer
except ImportError:
    _tinyinfer = None

GUARD = 64
needs_c_engine = pytest.mark.skipif(
    _tinyinfer is None, reason="the extension _tinyinfer is not built"
)
OPERATORS = sweep.operators()


def _budgets(name: str, macs: int) -> Iterator[int]:
    """Random steps, most of a single row."""
    rng = random.Random(name)
    while True:
        yield rng.choice([0, 1, rng.randint(1, max(1, macs // 4)), rng.randint(1, max(1, macs))])


def _place(file: bytes, misaligned: int) -> memoryview:
    """The file at an address that is `misaligned` beyond a multiple of 16."""
    room = np.zeros(len(file) + 32, np.uint8)
    start = -room.ctypes.data % 16 + misaligned
    view = memoryview(room)[start : start + len(file)]
    view[:] = file
    return view


def _check(module: Any, name: str, model: ModelSpec, misaligned: int, **options: Any) -> None:
    file = write_model(model)
    needed = module.needs(file)[0]
    room = np.frombuffer(random.Random(name).randbytes(needed + GUARD), np.uint8).copy()
    guard = room[needed:].tobytes()
    engine = module.Engine(_place(file, misaligned), memoryview(room)[:needed], **options)
    for number, golden in enumerate(model.golden):
        data = sweep.input_bytes(model, golden)
        what = f"{name}, input {number}: {model.nodes[0]}"
        assert sweep.run(engine, model, data) == golden.output, what
        assert engine.crc(0) == golden.node_crc[0], what
        steps = _budgets(what, 10 * len(data))
        assert sweep.run(engine, model, data, steps) == golden.output, f"{what}, in steps"
        assert engine.crc(0) == golden.node_crc[0], f"{what}, in steps"
    assert room[needed:].tobytes() == guard, f"{name} writes behind its arena"


def _check_all(cases: list[sweep.Case], module: Any, **options: Any) -> None:
    for number, case in enumerate(cases):
        for model in (case.tight, case.apart):
            _check(module, case.name, model, number % 4, **options)


@needs_c_engine
@pytest.mark.parametrize("op", OPERATORS)
def test_c_engine(op: str) -> None:
    _check_all(sweep.cases(op), _tinyinfer)


@pytest.mark.parametrize("op", OPERATORS)
def test_plain_path_in_steps(op: str) -> None:
    _check_all(sweep.cases(op)[::4], python_engine, vectorized=False)


@pytest.mark.parametrize("op", OPERATORS)
def test_vectorized_path(op: str) -> None:
    _check_all(sweep.cases(op), python_engine, vectorized=True)


@pytest.mark.parametrize("op", OPERATORS)
def test_batch(op: str) -> None:
    for case in sweep.cases(op):
        model = case.tight
        fed = [sweep.input_bytes(model, golden) for golden in model.golden]
        inputs = []
        for tensor in (model.tensors[i] for i in model.inputs):
            size = sweep.byte_size(tensor)
            code = DTYPE_CODES[DTYPE_NAMES.index(tensor.dtype)]
            inputs.append(np.stack([np.frombuffer(data[:size], code) for data in fed]))
            fed = [data[size:] for data in fed]
        (outputs,) = Batch(write_model(model)).run(*inputs)
        for golden, y in zip(model.golden, outputs, strict=True):
            assert y.tobytes() == golden.output, f"{case.name}: {model.nodes[0]}"


@pytest.mark.parametrize("op", OPERATORS)
def test_sweep_is_not_trivial(op: str) -> None:
    """Random inputs give outputs that differ, or an engine that writes a constant would pass."""
    lively = [len(set(case.tight.golden[0].output)) > 4 for case in sweep.cases(op)]
    assert sum(lively) > len(lively) / 8
