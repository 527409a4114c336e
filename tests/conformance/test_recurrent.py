"""Recurrent operators, as ONNX tests them."""

import pytest

from . import onnx_nodes

LEAST = 25.0
OPERATORS = ("GRU",)


@pytest.mark.parametrize("op", OPERATORS)
def test_operator(op, tmp_path):
    assert any(case.is_float for case in onnx_nodes.cases(op))
    assert onnx_nodes.failures(op, tmp_path, LEAST) == []
