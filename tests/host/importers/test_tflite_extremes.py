"""Maxima and minima: int8 files give exactly what TensorFlow Lite Micro gives."""

import numpy as np
import pytest
import tinypack
from tinyinfer import Model
from tinypack.errors import PackError

from tests.tflite_file import Tensor, constant, one_operator

tflm = pytest.importorskip("tflite_micro", reason="tflite-micro is not installed")


def data(*shape: int, scale: float = 0.1) -> Tensor:
    return Tensor(shape, [scale], 3)


def axes(*numbers: int) -> Tensor:
    return constant(np.array(numbers, np.int32))


def check(file: bytes, shapes: list[tuple[int, ...]], folder) -> None:
    path = folder / "model.tflite"
    path.write_bytes(file)
    model = Model(tinypack.pack(path).file)
    judge = tflm.runtime.Interpreter.from_bytes(file)
    rng = np.random.default_rng(0)
    for index, shape in enumerate(shapes):
        x = rng.integers(-128, 128, shape, np.int8)
        judge.set_input(x, index)
        model.input(index)[:] = memoryview(x.reshape(-1))
    judge.invoke()
    model.run()
    assert bytes(model.output(0)) == judge.get_output(0).tobytes()


@pytest.mark.parametrize("op", ["MAXIMUM", "MINIMUM"])
@pytest.mark.parametrize("shapes", [((1, 3, 4), (1, 3, 4)), ((1, 3, 4), (1, 1, 4))])
def test_of_two(op, shapes, tmp_path):
    parts = [data(*shape) for shape in shapes]
    check(one_operator(op, parts, data(1, 3, 4), "MaximumMinimumOptions"), list(shapes), tmp_path)


@pytest.mark.parametrize("op", ["MAXIMUM", "MINIMUM"])
def test_with_a_constant(op, tmp_path):
    k = Tensor((1, 1, 4), [0.1], 3, np.array([[[-20, 3, 50, 127]]], np.int8))
    file = one_operator(op, [k, data(1, 3, 4)], data(1, 3, 4), "MaximumMinimumOptions")
    check(file, [(1, 3, 4)], tmp_path)


@pytest.mark.parametrize("op", ["REDUCE_MAX", "REDUCE_MIN"])
@pytest.mark.parametrize(
    ("over", "shape"), [((1, 2), (1, 5)), ((-1,), (1, 4, 3)), ((3, 1), (1, 3)), ((2,), (1, 4, 5))]
)
def test_over_axes(op, over, shape, tmp_path):
    file = one_operator(
        op, [data(1, 4, 3, 5), axes(*over)], data(*shape), "ReducerOptions", KeepDims=False
    )
    check(file, [(1, 4, 3, 5)], tmp_path)


def test_several_scales_are_refused(tmp_path):
    path = tmp_path / "model.tflite"
    parts = [data(1, 3), data(1, 3, scale=0.2)]
    path.write_bytes(one_operator("MAXIMUM", parts, data(1, 3), "MaximumMinimumOptions"))
    with pytest.raises(PackError, match="several scales"):
        tinypack.pack(path)
