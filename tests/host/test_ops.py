"""Operators in float: what the graph's top comment promises beside the numbers."""

import numpy as np
import pytest
from tinypack import ops
from tinypack.errors import PackError
from tinypack.ir import parse_graph
from tinypack.ops._condition import COMPARISONS
from tinypack.ops.table import FUNCTIONS, evaluate
from tinypack.optable import OPS

NET = """
    input x f32[1,2,3,2] onnx_permutation=(0, 2, 3, 1)
    a f32[1,2,3,2] = add(x, k f32[1,1,1,2]{10, 20})
    y f32[1,2] = average_pool_2d(a) kernel_h=2 kernel_w=3
    output y
"""


def node_of(line: str):
    return parse_graph(line).nodes[0]


def test_every_row_of_the_table_has_a_module():
    for name in OPS:
        for function in ("legalize", "infer_shape", "float_"):
            assert callable(getattr(ops.MODULES[name], function)), (name, function)


def test_samples_come_in_the_layout_of_the_source():
    graph = parse_graph(NET)
    x = np.arange(5 * 12, dtype=np.float32).reshape(5, 1, 2, 2, 3)  # NCHW
    expected = x.mean((3, 4)) + np.float32([10, 20])
    for samples in (x, x[:, 0]):
        (y,) = ops.run(graph, ops.source_inputs(graph, [samples]))
        np.testing.assert_allclose(y, expected)


def test_samples_of_another_shape_are_refused():
    graph = parse_graph(NET)
    with pytest.raises(PackError, match=r"input 'x' takes samples of shape \(1, 2, 2, 3\) but"):
        ops.source_inputs(graph, [np.zeros((5, 3, 4), np.float32)])
    with pytest.raises(PackError, match="has 1 inputs but 2 were given"):
        ops.source_inputs(graph, [np.zeros((5, 2, 2, 3), np.float32)] * 2)


def test_every_sample_is_visited_once_and_in_order():
    graph = parse_graph(NET)
    x = np.random.default_rng(0).standard_normal((70, 1, 2, 3, 2), np.float32)
    seen = {"add": [], "average_pool_2d": []}
    ops.run(graph, [x], lambda node, operands, y: seen[node.op].append(operands[0]))
    np.testing.assert_array_equal(np.concatenate(seen["add"]), x)
    sums = np.concatenate(seen["average_pool_2d"])
    np.testing.assert_allclose(sums, x + np.float32([10, 20]), rtol=1e-6)


@pytest.mark.parametrize(
    ("line", "attributes"),
    [
        (
            "y f32[1,4,4,2] = transpose(x f32[1,2,4,4]) perm=(0, 2, 3, 1)",
            {"perm_0": 0, "perm_1": 1, "perm_2": 2, "perm_3": 4, "perm_4": 5, "perm_5": 3},
        ),
        ("y f32[1,4,1] = mean(x f32[1,4,2]) axes=(2,)", {"axes": 0b1000}),
        ("y f32[1,1,1,2] = mean(x f32[1,4,4,2]) axes=(0, 1, 2)", {"axes": 0b0111}),
        ("y f32[1,1,4,4,2] = mean(x f32[3,2,4,4,2]) axes=(0, 1)", {"axes": 0b0001}),
        (
            "y f32[1,6,2] = pad(x f32[1,4,2]) before=(0, 2, 0) after=(0, 0, 0) value=1.5",
            {"before_n": 0, "before_h": 0, "before_w": 2, "before_c": 0},
        ),
        (
            "y f32[1,2,2,2] = max_pool_2d(x f32[1,4,4,2]) kernel_h=2 kernel_w=2 stride_h=2 "
            "stride_w=2 pad_bottom=0 activation_min=0.0",
            {"kernel_h": 2, "kernel_w": 2, "stride_h": 2, "stride_w": 2},
        ),
    ],
)
def test_attributes_as_in_the_table(line, attributes):
    assert ops.attributes(node_of(line)) == attributes


@pytest.mark.parametrize(
    "line",
    [
        "y f32[1,2,4,4,2] = mean(x f32[3,2,4,4,2]) axes=(0,)",
        "y f32[3,3,4,4,2] = pad(x f32[3,2,4,4,2]) before=(0, 1, 0, 0, 0) after=(0, 0, 0, 0, 0)",
        "y f32[3,2,4,4,2] = add(x f32[3,2,4,4,2], k f32[3,1,4,4,2])",
    ],
)
def test_what_the_nhwc_view_cannot_express_is_refused(line):
    with pytest.raises(PackError, match=r"node 'y': .*four"):
        ops.attributes(node_of(line))


def test_functions_have_a_value_everywhere():
    """A table has 256 entries, whatever the function's domain."""
    x = np.linspace(-4, 4, 257)
    parameters = {"pow": (0.5,), "leaky_relu": (0.1,), "thresholded_relu": (1.0,), "celu": (1.0,)}
    parameters |= {"selu": (1.6, 1.0), "hard_sigmoid": (0.2, 0.5), "shrink": (0.0, 0.5)}
    parameters |= dict.fromkeys(("add", "mul", "max", "min", *COMPARISONS.values()), (0.5,))
    for name in FUNCTIONS:
        y = evaluate((name, "x", *parameters.get(name, ())), x)
        assert not np.isnan(y).any(), name
        assert y.shape == x.shape


def test_expressions_nest():
    x = np.float32([-1, 0, 2])
    silu = evaluate(("mul", "x", ("sigmoid", "x")), x)
    assert silu.dtype == np.float32
    np.testing.assert_allclose(silu, x / (1 + np.exp(-x)), rtol=1e-6)


@pytest.mark.parametrize(
    ("op", "remedy"),
    [
        ("Loop", "build them with unroll=True"),
        ("MatMulInteger", "give the float model"),
        ("com.microsoft.FusedConv", "before onnxruntime optimized it"),
        ("Det", "`tinypack ops` lists what is"),
    ],
)
def test_unsupported_operators_come_with_a_remedy(op, remedy):
    text = str(ops.unsupported("n1", op))
    assert text.startswith(f"node 'n1': operator {op} is not supported; ")
    assert remedy in text
