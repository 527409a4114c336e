"""ONNX's own tests of single operators: all are right but those that nothing here computes, and
these are refused in one sentence."""

import warnings
from functools import cache

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from tinypack import importers, ops, passes
from tinypack.errors import PackError

# fmt: off
OPERATORS = (
    "Conv", "Gemm", "MatMul", "Relu", "Clip", "LeakyRelu", "PRelu", "Sigmoid", "Tanh",
    "HardSigmoid", "HardSwish", "Elu", "Selu", "Celu", "Softplus", "Softsign", "ThresholdedRelu",
    "Shrink", "Mish", "Gelu", "Erf", "Exp", "Log", "Sqrt", "Abs", "Neg", "Sign", "Floor", "Ceil",
    "Round", "Reciprocal", "Sin", "Cos", "Atan", "Sinh", "Softmax", "LogSoftmax", "MaxPool",
    "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization", "Add", "Sub", "Mul",
    "Div", "Sum", "Max", "Min", "Pow", "ReduceMean", "ReduceSum", "ReduceMax", "Pad", "Flatten",
    "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Dropout",
)
# In the name of a test: integers as data, three spatial axes, outputs beyond the first, training,
# shapes that are not fixed, products of two computed matrices.
REFUSED = (
    "int8", "int16", "int32", "int64", "_3d", "dilations", "argmax", "training", "mask", "bool",
    "empty_set", "sequence", "identity_opt", "edge_pad", "reflect_pad", "wrap_pad", "matmul_4d",
    "matmul_bcast", "allowzero", "last_window_starts_on_pad", "test_pow", "logsoftmax",
)
# fmt: on
# Operators with more than one data input; of the others only the first input is fed.
DATA_INPUTS = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum")


@cache
def cases() -> dict[str, list]:
    """By operator, from the generators that onnx installs with itself."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    result: dict[str, list] = {op: [] for op in OPERATORS}
    for case in found:
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].op_type in result:
            result[nodes[0].op_type].append(case)
    return result


@pytest.mark.parametrize("op", OPERATORS)
def test_operator(op, tmp_path):
    assert cases()[op]
    for case in cases()[op]:
        inputs, outputs = case.data_sets[0]
        model, data = _bound(case.model, inputs, op)
        path = tmp_path / f"{case.name}.onnx"
        onnx.save(model, path)
        try:
            graph = passes.run(importers.load(path)).graph
        except PackError as error:
            assert "\n" not in str(error)
            assert any(part in case.name for part in REFUSED), error
            continue
        feeds = ops.source_inputs(graph, [x[None].astype(np.float32) for x in data])
        for actual, expected in zip(ops.run(graph, feeds), outputs, strict=True):
            if op == "LogSoftmax":  # SPEC.md's softmax knows nothing below
                expected = np.maximum(expected, np.log(1 / 512))
            np.testing.assert_allclose(
                actual.reshape(expected.shape),
                expected,
                rtol=1e-2 if expected.dtype.itemsize == 2 else 1e-4,
                atol=1e-5,
                err_msg=case.name,
            )


def _bound(model: onnx.ModelProto, inputs: list, op: str) -> tuple[onnx.ModelProto, list]:
    """Weights, axes and shapes as initializers, as files have them; the data that is left."""
    bound = onnx.ModelProto()
    bound.CopyFrom(model)
    data = []
    for position, (info, x) in enumerate(zip(model.graph.input, inputs, strict=True)):
        if not isinstance(x, np.ndarray | np.generic):
            continue
        if position == 0 or op in DATA_INPUTS:
            data.append(np.asarray(x))
        else:
            bound.graph.initializer.append(numpy_helper.from_array(np.asarray(x), info.name))
    return bound, data
