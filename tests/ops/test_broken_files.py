"""Damaged files on the Python engine: ValueError or numbers, never another exception.

The C engine gives the same verdict, but that it does not decode the text of names.
"""

import itertools
import random
import struct
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import onnx
import pytest
from tinyinfer import engine as python_engine
from tinyinfer.engine import Engine
from tinyinfer.engine.node import Node
from tinyinfer.model_file import ModelFile
from tinypack.model_file import ModelSpec, NodeSpec, TensorSpec, write_model
from tinypack.pipeline import pack

from tests.models import streams
from tests.ops import sweep

try:
    import _tinyinfer
except ImportError:
    _tinyinfer = None

needs_c_engine = pytest.mark.skipif(_tinyinfer is None, reason="_tinyinfer is not built")

FLIPS = 400  # per operator
RUNNABLE = 1 << 16  # elements and products: more would only take time


@cache
def _smallest(op: str) -> bytes:
    models = [
        write_model(replace(case.tight, golden=case.tight.golden[:1])) for case in sweep.cases(op)
    ]
    return min(models, key=len)


def _flipped(op: str, count: int) -> Iterator[bytes]:
    """Some bits of a file flipped."""
    rng = random.Random(op)
    good = _smallest(op)
    for _ in range(count):
        damaged = bytearray(good)
        for _ in range(rng.choice([1, 1, 1, 2, 4])):
            damaged[rng.randrange(len(good) - 4)] ^= 1 << rng.randrange(8)
        yield _with_crc(bytes(damaged))


def _with_extreme_words(op: str) -> Iterator[bytes]:
    """Every aligned word replaced by numbers that break offsets, shapes and attributes."""
    good = _smallest(op)
    for place in range(0, len(good) - 4, 4):
        for word in (0, 1, 5, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, len(good)):
            damaged = bytearray(good)
            damaged[place : place + 4] = struct.pack("<I", word)
            yield _with_crc(bytes(damaged))


def _with_crc(damaged: bytes) -> bytes:
    return damaged[:-4] + struct.pack("<I", zlib.crc32(damaged[:-4]))


def _try(data: bytes, vectorized: bool) -> bool:
    """Whether the engine takes the file; it must then run."""
    try:
        file = ModelFile(data)
        if file.arena_bytes > 1 << 16:
            return False
        engine = Engine(data, bytearray(file.arena_bytes), vectorized=vectorized)
    except ValueError:
        return False
    nodes = [Node(file, index) for index in range(file.node_count)]
    if sum(map(_cost, nodes)) < RUNNABLE:
        engine.run()
    return True


def _cost(node: Node) -> int:
    """Elements and products of a node, those in a border too."""
    a = node.attributes
    window = getattr(a, "kernel_h", 1) * getattr(a, "kernel_w", 1)
    rows = node.x.h + getattr(a, "pad_top", 0) + getattr(a, "dilation_h", 1)
    columns = node.x.w + getattr(a, "pad_left", 0) + getattr(a, "dilation_w", 1)
    return node.macs + node.y.count * window + node.x.n * node.x.c * rows * columns * window


@pytest.mark.parametrize("op", sweep.operators())
def test_flipped_bits(op: str) -> None:
    assert _try(_smallest(op), False)
    refused = [not _try(data, bool(i % 2)) for i, data in enumerate(_flipped(op, FLIPS))]
    assert 0 < sum(refused) < FLIPS


@pytest.mark.parametrize("op", sweep.operators())
def test_extreme_words(op: str) -> None:
    for i, data in enumerate(_with_extreme_words(op)):
        _try(data, bool(i % 2))


@needs_c_engine
@pytest.mark.parametrize("op", sweep.operators())
def test_same_verdict_as_c(op: str) -> None:
    for data in itertools.chain(_flipped(op, 4 * FLIPS), _with_extreme_words(op)):
        python, c = _verdict(python_engine, data), _verdict(_tinyinfer, data)
        unlike = (python == "") != (c == "")
        assert not unlike or "utf-8" in python, f"{python!r}, C: {c!r}"


def _verdict(module: Any, data: bytes) -> str:
    try:
        module.needs(data)
    except ValueError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("module", [python_engine, pytest.param(_tinyinfer, marks=needs_c_engine)])
@pytest.mark.parametrize(("taps", "refused"), [(1 << 16, False), ((1 << 16) + 4, True)])
def test_a_filter_has_taps_for_exact_sums(module: Any, taps: int, refused: bool) -> None:
    tensors = (
        TensorSpec((1, 1, 1, taps), "s8", offset=0),
        TensorSpec((1, 1, 1, taps), "s8", data=bytes(2 * taps)),
        TensorSpec((1, 3), "s32", data=bytes(24)),
        TensorSpec((1, 1, 1, 1), "s8", offset=taps),
    )
    node = NodeSpec("conv_2d", (0, 1, 2), (3,), scratch=taps + 16)
    file = write_model(ModelSpec(tensors, (node,), (0,), (3,), arena_bytes=16 * taps))
    assert bool(_verdict(module, file)) == refused


@pytest.mark.parametrize("module", [python_engine, pytest.param(_tinyinfer, marks=needs_c_engine)])
def test_a_row_may_have_more_products_than_32_bits_count(module: Any) -> None:
    taps = 1 << 14
    tensors = (
        TensorSpec((1, taps, 16, 1), "s8", offset=16),
        TensorSpec((1, 1 + taps), "s16", data=bytes(2 * (1 + taps))),
        TensorSpec((16, 2), "s16", data=bytes(64)),
        TensorSpec((1, 1, 16, 1), "s8", offset=0),
    )
    node = NodeSpec("resize", (0, 1, 2), (3,))
    file = write_model(ModelSpec(tensors, (node,), (0,), (3,), arena_bytes=16 + 16 * taps))
    engine = module.Engine(file, bytearray(module.needs(file)[0]))
    assert not engine.step(1)


@pytest.mark.parametrize("module", [python_engine, pytest.param(_tinyinfer, marks=needs_c_engine)])
def test_state_is_of_one_tensor_alone(module: Any) -> None:
    """Two layers' states at all places: in order, apart from each other, and within the state."""
    good = _two_states()
    first, second = (i for i, tensor in enumerate(good.tensors) if tensor.state)
    size = good.tensors[second].offset
    assert 0 < size < good.state_bytes == 2 * size
    assert _verdict(module, write_model(good)) == ""
    verdicts = []
    wide = replace(
        good,
        nodes=tuple(
            n if n.scratch < 0 else replace(n, scratch=n.scratch + size) for n in good.nodes
        ),
        state_bytes=3 * size,
        arena_bytes=good.arena_bytes + size,
    )
    moved = [t if t.data is not None else replace(t, offset=t.offset + size) for t in wide.tensors]
    for a, b in itertools.product(range(0, 3 * size, 4), repeat=2):
        moved[first], moved[second] = (
            replace(good.tensors[i], offset=at) for i, at in ((first, a), (second, b))
        )
        file = write_model(replace(wide, tensors=tuple(moved)))
        verdicts.append(_verdict(module, file) == "")
        assert verdicts[-1] == (a + size <= b <= 2 * size), (a, b)
    assert 0 < sum(verdicts) < len(verdicts)


def _two_states() -> ModelSpec:
    """A stream through two recurrent layers."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stream.onnx"
        onnx.save(streams.stream("RNN"), path)
        return pack(path, stateful=True).model


def test_truncated() -> None:
    good = _smallest("conv_2d")
    for size in range(len(good)):
        assert not _try(good[:size], False)
        if size > 4:
            assert not _try(_with_crc(good[:size]), False)


def test_wrong_crc() -> None:
    good = bytearray(_smallest("conv_2d"))
    good[-1] ^= 1
    with pytest.raises(ValueError, match="CRC"):
        Engine(bytes(good), bytearray(1000))
