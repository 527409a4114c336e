"""Operators that move elements, as ONNX tests them."""

import pytest

from . import onnx_nodes

LEAST = 25.0
OPERATORS = (
    "Concat",
    "DepthToSpace",
    "Dropout",
    "Expand",
    "Flatten",
    "Gather",
    "Identity",
    "Pad",
    "Reshape",
    "Slice",
    "SpaceToDepth",
    "Split",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
)
# Random in training; of no elements.
LEFT_OUT = (
    "test_training_dropout",
    "test_training_dropout_default",
    "test_reshape_allowzero_reordered",
    "test_slice_start_out_of_bounds",
    "test_split_zero_size_splits_opset13",
    "test_split_zero_size_splits_opset18",
)


@pytest.mark.parametrize("op", OPERATORS)
def test_operator(op, tmp_path):
    assert any(case.is_float for case in onnx_nodes.cases(op))
    assert onnx_nodes.failures(op, tmp_path, LEAST, LEFT_OUT) == []
