"""TRANSPOSE_CONV of int8 .tflite files gives exactly what TensorFlow Lite Micro gives."""

from pathlib import Path

import numpy as np
import pytest
import tflite

from tests.host.importers.tflm import outputs
from tests.tflite_file import Tensor, constant, one_operator

# shape, channels out, kernel, stride, size under VALID
CASES = [
    ((1, 4, 5, 3), 4, (3, 3), (2, 2), (9, 11)),
    ((1, 4, 4, 8), 3, (4, 4), (2, 2), (10, 10)),
    ((1, 3, 6, 2), 5, (2, 3), (3, 1), (8, 8)),
    ((1, 5, 3, 4), 2, (1, 1), (1, 2), (5, 5)),
]


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize(("shape", "oc", "kernel", "stride", "valid"), CASES)
def test_transpose_conv(shape, oc, kernel, stride, valid, padding, biased, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    same = (shape[1] * stride[0], shape[2] * stride[1])
    size = same if padding == "SAME" else valid
    scales = rng.uniform(0.002, 0.02, oc).astype(np.float32)
    weights = rng.integers(-127, 128, (oc, *kernel, shape[3])).astype(np.int8)
    inputs = [
        constant(np.array([1, *size, oc], np.int32)),
        constant(weights, scales),
        Tensor(shape, [0.05], -20),
    ]
    if biased:
        bias = rng.integers(-5000, 5000, oc).astype(np.int32)
        inputs.append(constant(bias, scales * np.float32(0.05)))
    file = one_operator(
        "TRANSPOSE_CONV",
        inputs,
        Tensor((1, *size, oc), [0.11], 9),
        "TransposeConvOptions",
        version=3,
        Padding=getattr(tflite.Padding, padding),
        StrideH=stride[0],
        StrideW=stride[1],
    )
    for actual, expected in outputs(file, tmp_path):
        assert actual.tolist() == expected.tolist()
