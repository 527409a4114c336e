"""Operators that move elements: int8 files give exactly what TensorFlow Lite Micro gives."""

from collections.abc import Sequence

import numpy as np
import pytest
import tinypack
from tinyinfer import Model
from tinypack.errors import PackError

from tests.tflite_file import Tensor, constant, one_operator

tflm = pytest.importorskip("tflite_micro", reason="tflite-micro is not installed")

SCALE, ZERO = [0.1], 3


def data(*shape: int) -> Tensor:
    return Tensor(shape, SCALE, ZERO)


def ints(*values: int) -> Tensor:
    return constant(np.array(values, np.int32))


PADS = constant(np.array([[0, 0], [1, 2], [2, 1], [0, 0]], np.int32))
# fmt: off
CASES: list[tuple[str, list[Tensor], list[Tensor], dict[str, int]]] = [
    ("CONCATENATION", [data(1, 3, 4), data(1, 3, 2)], [data(1, 3, 6)], {"Axis": -1}),
    ("CONCATENATION", [data(1, 3, 4), data(1, 2, 4), data(1, 1, 4)], [data(1, 6, 4)], {"Axis": 1}),
    ("PACK", [data(3, 4), data(3, 4)], [data(3, 2, 4)], {"Axis": 1, "ValuesCount": 2}),
    ("UNPACK", [data(2, 3, 4)], [data(2, 4)] * 3, {"Axis": 1, "Num": 3}),
    ("SPLIT", [ints(2), data(1, 3, 6)], [data(1, 3, 2)] * 3, {"NumSplits": 3}),
    ("SPLIT_V", [data(1, 6, 4), ints(1, 3, 2), ints(1)],
     [data(1, 1, 4), data(1, 3, 4), data(1, 2, 4)], {"NumSplits": 3}),
    ("SLICE", [data(2, 5, 4), ints(1, 2, 0), ints(1, -1, 3)], [data(1, 3, 3)], {}),
    ("STRIDED_SLICE", [data(2, 7, 4), ints(0, 5, 1), ints(2, 0, 4), ints(1, -2, 1)],
     [data(2, 3, 3)], {}),
    ("STRIDED_SLICE", [data(2, 7, 4), ints(0, 5, 1), ints(2, 0, 4), ints(1, 2, 1)],
     [data(4)], {"ShrinkAxisMask": 5, "BeginMask": 2, "EndMask": 2}),
    ("GATHER", [data(2, 5, 3), ints(4, 0, 0, 1)], [data(2, 4, 3)], {"Axis": 1}),
    ("BROADCAST_TO", [data(1, 3, 1), ints(2, 3, 4)], [data(2, 3, 4)], {}),
    ("MIRROR_PAD", [data(1, 4, 5, 2), PADS], [data(1, 7, 8, 2)], {"Mode": 0}),
    ("MIRROR_PAD", [data(1, 4, 5, 2), PADS], [data(1, 7, 8, 2)], {"Mode": 1}),
    ("DEPTH_TO_SPACE", [data(1, 3, 2, 12)], [data(1, 6, 4, 3)], {"BlockSize": 2}),
    ("SPACE_TO_DEPTH", [data(1, 6, 4, 3)], [data(1, 3, 2, 12)], {"BlockSize": 2}),
    ("REVERSE_V2", [data(2, 5, 3), ints(1)], [data(2, 5, 3)], {}),
    ("PADV2", [data(1, 4, 5, 2), PADS, Tensor((1,), SCALE, ZERO, np.array([-77], np.int8))],
     [data(1, 7, 8, 2)], {}),
    ("EXPAND_DIMS", [data(3, 4), ints(1)], [data(3, 1, 4)], {}),
    ("SQUEEZE", [data(3, 1, 4)], [data(3, 4)], {}),
]
# fmt: on


def options_of(op: str) -> str:
    return {"PADV2": "PadV2Options"}.get(
        op, "".join(part.capitalize() for part in op.split("_")) + "Options"
    )


def written(
    op: str, inputs: Sequence[Tensor], outputs: Sequence[Tensor], values: dict[str, int]
) -> bytes:
    return one_operator(op, inputs, outputs, options_of(op), **values)


@pytest.mark.parametrize(("op", "inputs", "outputs", "values"), CASES)
def test_int8_is_what_tflm_gives(op, inputs, outputs, values, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(written(op, inputs, outputs, values))
    model = Model(tinypack.pack(path).file)
    judge = tflm.runtime.Interpreter.from_bytes(path.read_bytes())
    rng = np.random.default_rng(0)
    for index, tensor in enumerate(t for t in inputs if t.data is None):
        x = rng.integers(-128, 128, tensor.shape, np.int8)
        judge.set_input(x, index)
        model.input(index)[:] = memoryview(x.reshape(-1))
    judge.invoke()
    model.run()
    for index in range(len(outputs)):
        assert bytes(model.output(index)) == judge.get_output(index).tobytes()


@pytest.mark.parametrize("axis", [0, 1])
def test_rows_are_looked_up(axis, tmp_path):
    table = np.random.default_rng(0).integers(-128, 128, (9, 9), np.int8)
    x = np.array([[8, 0, 3], [3, 7, 1]], np.int32)
    made = (2, 3, 9) if axis == 0 else (9, 2, 3)
    parts = [Tensor(table.shape, SCALE, ZERO, table), Tensor(x.shape, dtype="int32")]
    file = written("GATHER", parts, [data(*made)], {"Axis": axis})
    path = tmp_path / "model.tflite"
    path.write_bytes(file)
    model = Model(tinypack.pack(path).file)
    judge = tflm.runtime.Interpreter.from_bytes(file)
    judge.set_input(x, 0)
    judge.invoke()
    model.run(x.reshape(-1).astype(np.int16))
    assert bytes(model.output()) == judge.get_output(0).tobytes()


def test_what_computes_with_indices_is_refused(tmp_path):
    path = tmp_path / "model.tflite"
    words = Tensor((1, 3), dtype="int32")
    path.write_bytes(one_operator("NEG", [words], words, "NegOptions"))
    with pytest.raises(PackError, match=r"NEG computes with the indices.*without mask_zero"):
        tinypack.pack(path)


def test_tile_repeats(tmp_path):
    """TensorFlow Lite Micro has no such operator."""
    path = tmp_path / "model.tflite"
    path.write_bytes(written("TILE", [data(1, 3, 2), ints(1, 2, 3)], [data(1, 6, 6)], {}))
    model = Model(tinypack.pack(path).file)
    x = np.arange(-3, 3, dtype=np.int8)
    model.input(0)[:] = memoryview(x)
    model.run()
    expected = np.tile(x.reshape(1, 3, 2), (1, 2, 3))
    assert bytes(model.output(0)) == expected.tobytes()


def test_another_scale_is_refused(tmp_path):
    path = tmp_path / "model.tflite"
    parts = [data(1, 3), Tensor((1, 3), [0.2], ZERO)]
    path.write_bytes(written("CONCATENATION", parts, [data(1, 6)], {"Axis": 1}))
    with pytest.raises(PackError, match="changes the scale of integers"):
        tinypack.pack(path)
