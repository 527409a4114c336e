"""SPEC.md, "Worked example": the dump is a model file, and it is the model that its text says."""

import re

import numpy as np
import pytest
import tinyinfer.engine
from tinypack.model_file import ModelSpec, NodeSpec, TensorSpec, read_model, write_model
from tinypack.model_file.layout import pack_params, pack_weights, unpack_params, unpack_weights
from tinypack.resources import native_dir


@pytest.fixture(scope="module")
def dumped() -> bytes:
    text = (native_dir() / "SPEC.md").read_text(encoding="utf-8").split("## Worked example")[1]
    lines = re.findall(r"^([0-9a-f]{4})  ((?:[0-9a-f]{2} ?)+)", text, flags=re.MULTILINE)
    data = b""
    for place, digits in lines:
        assert int(place, 16) == len(data)
        data += bytes.fromhex(digits)
    return data


def test_is_what_the_packager_writes(dumped: bytes) -> None:
    weights = pack_weights("fully_connected", "s8", np.array([[2, -3]]))
    params = pack_params("fully_connected", "s8", np.array([[9, 1 << 30, -1]]))
    model = ModelSpec(
        tensors=(
            TensorSpec((1, 2), "s8", -1, 0.5, 0, name="x"),
            TensorSpec((1, 2), "s8", scale=0.25, data=weights),
            TensorSpec((1, 3), "s32", data=params),
            TensorSpec((1, 1), "s8", 4, 0.5, 4, name="y"),
        ),
        nodes=(NodeSpec("fully_connected", (0, 1, 2), (3,), scratch=8),),
        inputs=(0,),
        outputs=(3,),
        arena_bytes=16,
    )
    assert write_model(model).hex(" ") == dumped.hex(" ")


def test_holds_what_the_notes_say(dumped: bytes) -> None:
    model = read_model(dumped)
    x, weights, params, y = model.tensors
    assert (x.name, x.scale, x.zero_point, x.offset) == ("x", 0.5, -1, 0)
    assert (y.name, y.scale, y.zero_point, y.offset) == ("y", 0.5, 4, 4)
    assert weights.data and params.data
    op = model.nodes[0].op
    assert unpack_weights(op, "s8", weights.data, weights.shape).tolist() == [[2, -3]]
    assert unpack_params(op, "s8", params.data, 1).tolist() == [[9, 1 << 30, -1]]
    assert (op, model.nodes[0].scratch, model.arena_bytes) == ("fully_connected", 8, 16)


def test_gives_the_number_of_the_text(dumped: bytes) -> None:
    modules = [tinyinfer.engine, pytest.importorskip("_tinyinfer")]
    for module in modules:
        engine = module.Engine(dumped, bytearray(module.needs(dumped)[0] + 4))
        engine.run(bytes([3, 256 - 5]))
        assert list(engine.output(0)) == [12]
