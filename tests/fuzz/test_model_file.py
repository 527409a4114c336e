"""Damaged and hostile files on the C engine: refused or run, under sanitizers, in bounded time."""

import os
import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from tinypack.model_file import ModelSpec, NodeSpec, QuantizerSpec, TensorSpec, write_model
from tinypack.plan import apply_plan, plan_memory

from tests.fuzz.corpus import corpus
from tests.kernels.programs import build, engine_sources, run

HERE = Path(__file__).parent
# Rounds of random damage per file; TINYINFER_FUZZ asks for more.
ROUNDS = int(os.environ.get("TINYINFER_FUZZ", "4000"))


def test_damaged_files(tmp_path: Path) -> None:
    """Every length, every byte flipped, and numbers replaced by what is likely to hurt."""
    sources = [HERE / "model_file.c", *engine_sources()]
    program = build(sources, tmp_path / "model_file")
    files = corpus(tmp_path)
    lines = run(program, str(ROUNDS), *files, timeout=600 + ROUNDS).splitlines()
    assert len(lines) == len(files)


# What a reader might do for long: time must follow the size of the file.


def _pool(size: int) -> ModelSpec:
    """One 3 x 3 pool of size x size elements, over its own input."""
    shape = (1, size, size, 1)
    attrs = {"kernel_h": 3, "kernel_w": 3, "pad_top": 1, "pad_left": 1}
    model = ModelSpec(
        (TensorSpec(shape, "s8"), TensorSpec(shape, "s8")),
        (NodeSpec("max_pool_2d", (0,), (1,), attrs),),
        (0,),
        (1,),
        0,
    )
    return apply_plan(model, plan_memory(model))


def _many_nodes(good: bytes, count: int) -> bytes:
    """The file with `count` nodes that are all the same table, in a copy of the file behind it."""
    body = bytearray(good[:-4])
    root = struct.unpack_from("<I", body)[0]
    vtable = root - struct.unpack_from("<i", body, root)[0]
    nodes_field = 4  # of Model in model.fbs
    field = root + struct.unpack_from("<H", body, vtable + 4 + 2 * nodes_field)[0]
    vector = field + struct.unpack_from("<I", body, field)[0]
    node = vector + 4 + struct.unpack_from("<I", body, vector + 4)[0]
    place = len(body)
    copy = -(-(place + 4 + 4 * count) // 16) * 16
    struct.pack_into("<I", body, field, place - field)
    body += struct.pack("<I", count)
    for i in range(count):
        body += struct.pack("<I", copy + node - (place + 4 + 4 * i))
    body += bytes(copy - len(body)) + good[:-4]
    return bytes(body) + struct.pack("<I", zlib.crc32(body))


def _shared_quantizer(entries: int, inputs: int) -> bytes:
    model = _pool(8)
    numbers = (1 << 30,) * entries, (0,) * entries, (0,) * entries
    x = TensorSpec((1, 1, entries), "s8", offset=0, quantizer=QuantizerSpec(*numbers))
    model = replace(model, tensors=(x, *model.tensors), nodes=(), inputs=(0,) * inputs)
    return write_model(replace(model, arena_bytes=max(entries, 256), outputs=(1,)))


@pytest.mark.parametrize(
    "file",
    [
        write_model(_pool(1 << 13)),
        _many_nodes(write_model(_pool(1 << 13)), 65535),
        _many_nodes(write_model(_pool(1 << 13)), 65536),
        _shared_quantizer(20000, 1),
        _shared_quantizer(20000, 30000),
    ],
    ids=["large", "many nodes", "too many nodes", "quantizer", "shared quantizer"],
)
def test_opening_takes_time_by_size(file: bytes, request: pytest.FixtureRequest) -> None:
    engine = pytest.importorskip("_tinyinfer")
    good = request.node.callspec.id in ("large", "many nodes", "quantizer")
    start = time.process_time()
    if good:
        engine.needs(file)
    else:
        with pytest.raises(ValueError, match=r"damaged|tensor"):
            engine.needs(file)
    # ten times of what it takes with sanitizers
    assert time.process_time() - start < 2 + len(file) / 100_000
