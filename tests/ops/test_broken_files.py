"""Damaged files on the Python engine: ValueError or numbers, never another exception."""

import random
import struct
import zlib
from dataclasses import replace

import pytest
from tinyinfer.engine import Engine
from tinyinfer.engine.node import Node
from tinyinfer.model_file import ModelFile
from tinypack.model_file import write_model

from tests.ops import sweep

FLIPS = 400  # per operator
RUNNABLE = 1 << 16  # elements and products: more would only take time


def _smallest(op: str) -> bytes:
    models = [
        write_model(replace(case.tight, golden=case.tight.golden[:1])) for case in sweep.cases(op)
    ]
    return min(models, key=len)


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
    rng = random.Random(op)
    good = _smallest(op)
    assert _try(good, False)
    refused = 0
    for number in range(FLIPS):
        damaged = bytearray(good)
        for _ in range(rng.choice([1, 1, 1, 2, 4])):
            damaged[rng.randrange(len(good) - 4)] ^= 1 << rng.randrange(8)
        refused += not _try(_with_crc(bytes(damaged)), bool(number % 2))
    assert 0 < refused < FLIPS


@pytest.mark.parametrize("op", sweep.operators())
def test_extreme_words(op: str) -> None:
    """Every aligned word replaced by numbers that break offsets, shapes and attributes."""
    good = _smallest(op)
    for place in range(0, len(good) - 4, 4):
        for word in (0, 1, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, len(good)):
            damaged = bytearray(good)
            damaged[place : place + 4] = struct.pack("<I", word)
            _try(_with_crc(bytes(damaged)), bool(place % 8))


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
