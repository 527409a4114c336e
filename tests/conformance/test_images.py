"""Convolutions and resizes, as ONNX tests them."""

import pytest

from . import onnx_nodes

LEAST = 25.0
OPERATORS = ("Conv", "ConvTranspose", "Resize", "Upsample")
# Three spatial axes.
LEFT_OUT = ("test_convtranspose_3d",)


@pytest.mark.parametrize("op", OPERATORS)
def test_operator(op, tmp_path):
    assert any(case.is_float for case in onnx_nodes.cases(op))
    assert onnx_nodes.failures(op, tmp_path, LEAST, LEFT_OUT) == []
