"""A written file: what SPEC.md, "File", promises, and the way back."""

import struct
import zlib
from dataclasses import replace

import pytest
from tinyinfer.model_file import ModelFile
from tinypack.errors import PackError
from tinypack.model_file import (
    GoldenSpec,
    ModelSpec,
    NodeSpec,
    QuantizerSpec,
    TensorSpec,
    read_model,
    write_model,
)

MODEL = ModelSpec(
    tensors=(
        TensorSpec((1, 4), "s8", -3, 0.5, 0, name="x", quantizer=QuantizerSpec((5,), (6,), (7,))),
        TensorSpec((256,), "s8", data=bytes(range(256))),
        TensorSpec((1, 4), "s8", 4, 0.25, 4, name="y"),
        TensorSpec((3,), "s32", data=b"twelve bytes"),
    ),
    nodes=(
        NodeSpec("table", (0, 1), (2,), name="sigmoid"),
        NodeSpec("quantize", (2,), (2,), {"multiplier": 1 << 30, "shift": -1}, scratch=8),
    ),
    inputs=(0,),
    outputs=(2,),
    arena_bytes=64,
    state_bytes=16,
    families={"plain": 48, "m0p": 64},
    labels=("tief", "höher"),
    metadata={"name": "zwei", "accuracy": {"float": 0.5}},
    golden=(
        GoldenSpec(seed=9, output=b"abcd", node_crc=(1, 0xFFFFFFFF)),
        GoldenSpec(input=b"1234"),
    ),
)


def test_frame():
    data = write_model(MODEL)
    assert data[4:8] == b"TINF"
    assert len(data) % 16 == 4
    assert struct.unpack("<I", data[-4:])[0] == zlib.crc32(data[:-4])


def test_constants_are_aligned_and_shared():
    data = write_model(MODEL)
    assert data.index(bytes(range(256))) % 16 == 0
    assert data.index(b"twelve bytes") % 16 == 0
    twice = replace(MODEL, tensors=(*MODEL.tensors, MODEL.tensors[1]))
    assert write_model(twice).count(bytes(range(256))) == 1


def test_a_model_without_constants_has_the_same_frame():
    bare = ModelSpec((TensorSpec((1,), "s8", offset=0),), (), (0,), (0,), 4)
    data = write_model(bare)
    assert len(data) % 16 == 4
    assert read_model(data) == bare


def test_round_trip():
    again = read_model(write_model(MODEL))
    assert again.nodes[1].attrs == {
        "multiplier": 1 << 30,
        "shift": -1,
        "activation_min": -128,
        "activation_max": 127,
    }
    named = tuple(
        replace(node, attrs=read.attrs)
        for node, read in zip(MODEL.nodes, again.nodes, strict=True)
    )
    assert again == replace(MODEL, nodes=named)
    assert write_model(again) == write_model(MODEL)


def test_default_attributes_take_no_space():
    file = ModelFile(write_model(MODEL))
    assert list(file.node(0).attrs) == []
    assert list(file.node(1).attrs) == [1 << 30, -1]


def test_unknown_attribute_is_a_bug_of_the_caller():
    node = NodeSpec("table", (0, 1), (2,), {"slope": 1})
    with pytest.raises(ValueError, match="table has no attribute slope"):
        write_model(replace(MODEL, nodes=(node,)))


@pytest.mark.parametrize("change", ["truncate", "flip", "identifier"])
def test_damaged_files_are_refused(change):
    data = bytearray(write_model(MODEL))
    if change == "truncate":
        del data[-16:]
    elif change == "flip":
        data[100] ^= 1
    else:
        data[4:8] = b"TFL3"
    with pytest.raises(PackError, match="pack the model again"):
        read_model(bytes(data))
