"""Tables of int8 files hold exactly what TensorFlow Lite Micro gives for all 256 inputs."""

from typing import Any

import numpy as np
import pytest
import tinypack
from tinyinfer import Model

from tests.tflite_file import Tensor, one_operator

tflm = pytest.importorskip("tflite_micro", reason="tflite-micro is not installed")

ALL = np.arange(-128, 128, dtype=np.int8)
INPUTS = [(0.05, 3), (0.1, -128), (0.0235, 0), (0.5, 127), (0.001, -7), (0.031, 55), (2.5, 1)]
FREE = [(0.05, -5), (0.0131, -128), (0.1, 9)]
SIGMOID, TANH = [(1 / 256, -128)], [(1 / 128, 0)]
SLOPES = [({"Alpha": alpha}, []) for alpha in (0.01, 0.3, 1.7, 0.0)]
PRELU = [
    ({}, [Tensor((1,), [0.013], zero, np.array([slope], np.int8))])
    for slope, zero in ((20, 0), (-90, 3), (127, -128))
]
PLAIN: list[tuple[dict[str, Any], list[Tensor]]] = [({}, [])]
# fmt: off
CASES = [
    ("LOGISTIC", "AbsOptions", SIGMOID, PLAIN),
    ("TANH", "AbsOptions", TANH, PLAIN),
    ("HARD_SWISH", "HardSwishOptions", FREE, PLAIN),
    ("LEAKY_RELU", "LeakyReluOptions", FREE, SLOPES),
    ("PRELU", "AbsOptions", FREE, PRELU),
    ("ELU", "AbsOptions", FREE, PLAIN),
    ("ABS", "AbsOptions", FREE, PLAIN),
    ("RELU", "AbsOptions", FREE, PLAIN),
]
# fmt: on


def judged(file: bytes, inputs: np.ndarray) -> np.ndarray:
    judge = tflm.runtime.Interpreter.from_bytes(file)
    judge.set_input(inputs, 0)
    judge.invoke()
    return judge.get_output(0)


def ours(file: bytes, inputs: np.ndarray, folder) -> np.ndarray:
    path = folder / "model.tflite"
    path.write_bytes(file)
    y = np.zeros(inputs.size, np.int8)
    Model(tinypack.pack(path).file).run(inputs.reshape(-1), y)
    return y


@pytest.mark.parametrize(("op", "options", "scales", "variants"), CASES, ids=[c[0] for c in CASES])
def test_int8_is_what_tflm_gives(op, options, scales, variants, tmp_path):
    for scale, zero in INPUTS:
        for scale_y, zero_y in scales:
            for values, more in variants:
                x, y = Tensor((1, 256), [scale], zero), Tensor((1, 256), [scale_y], zero_y)
                if op == "HARD_SWISH" and scale / 128 / scale_y >= 1:
                    continue
                file = one_operator(op, [x, *more], y, options, **values)
                given = (scale, zero, scale_y, zero_y, values)
                expected = judged(file, ALL.reshape(1, 256)).reshape(-1)
                np.testing.assert_array_equal(ours(file, ALL, tmp_path), expected, str(given))


@pytest.mark.parametrize("scale_y", [0.01, 0.04, 0.3])
def test_rsqrt_of_what_is_not_negative(scale_y, tmp_path):
    for scale, zero in INPUTS:
        codes = ALL[zero <= ALL].reshape(1, -1)
        x, y = Tensor(codes.shape, [scale], zero), Tensor(codes.shape, [scale_y], -100)
        file = one_operator("RSQRT", [x], y, "AbsOptions")
        expected = judged(file, codes).reshape(-1)
        np.testing.assert_array_equal(ours(file, codes, tmp_path), expected, str((scale, zero)))


def test_relu6_keeps_the_scale(tmp_path):
    x = Tensor((1, 256), [0.05], 3)
    file = one_operator("RELU6", [x], x, "AbsOptions")
    expected = judged(file, ALL.reshape(1, 256)).reshape(-1)
    np.testing.assert_array_equal(ours(file, ALL, tmp_path), expected)


@pytest.mark.parametrize(
    ("op", "function"),
    [
        ("EXP", np.exp),
        ("LOG", lambda x: np.log(np.maximum(x, 1e-30))),
        ("SQRT", lambda x: np.sqrt(np.maximum(x, 0))),
        ("SQUARE", np.square),
        ("NEG", np.negative),
    ],
)
def test_without_an_int8_form_the_real_function_is_rounded(op, function, tmp_path):
    """TensorFlow Lite Micro has these for floats only."""
    file = one_operator(
        op,
        [Tensor((1, 256), [0.02], -3)],
        Tensor((1, 256), [0.03], -60),
        f"{op.title()}Options" if op in ("EXP", "SQUARE", "NEG") else "AbsOptions",
    )
    reals = function(0.02 * (ALL.astype(np.float64) + 3))
    y = ours(file, ALL, tmp_path)
    exact = np.clip(reals / 0.03 - 60, -128, 127)
    defined = ALL > -3 if op in ("LOG", "SQRT") else ALL >= -128
    assert np.abs(y - exact)[defined].max() < 0.501
