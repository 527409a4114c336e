"""Concats: who takes the common scale, and who gets a quantize node."""

import numpy as np
import pytest
from tinypack import ops
from tinypack.ir import parse_graph
from tinypack.quant import quantize_graph

LAYERS = """
    input x f32[1,8]
    a f32[1,4] = fully_connected(x, v f32[4,8], b f32[4]{0, 0, 0, 0})
    c f32[1,4] = fully_connected(x, w f32[4,8], d f32[4]{0, 0, 0, 0})
"""


def quantized(text):
    graph = parse_graph(text)
    x = np.random.default_rng(0).standard_normal((50, 1, 8)).astype(np.float32)
    result = quantize_graph(graph, [x])
    params = {value.name: result.params[value] for value in result.params}
    for node in graph.nodes:
        if node.op == "concat":
            joined = params[node.output.name]
            assert all(params[value.name] == joined for value in node.inputs)
    return graph, params, x


def rescaled(graph):
    return [node.input(0).name for node in graph.nodes if node.op == "quantize"]


def test_what_a_concat_alone_reads_takes_its_scale():
    graph, _, _ = quantized(LAYERS + "y f32[1,8] = concat(a, c) axis=1\noutput y")
    assert rescaled(graph) == []


def test_the_scale_reaches_layers_through_movements():
    graph, params, _ = quantized(
        LAYERS
        + """
        e f32[2,2] = reshape(a)
        f f32[2,2] = transpose(e) perm=(1, 0)
        g f32[1,4] = reshape(f)
        y f32[1,8] = concat(g, c) axis=1
        output y
        """
    )
    assert rescaled(graph) == []
    assert params["a"] == params["y"]


@pytest.mark.parametrize(("factor", "nodes"), [(0.7, []), (0.01, ["s"])])
def test_other_readers_keep_a_finer_scale(factor, nodes):
    graph, params, _ = quantized(
        LAYERS
        + f"""
        s f32[1,4] = mul(a, k f32[1,1]{{{factor}}})
        y f32[1,8] = concat(s, c) axis=1
        z f32[1,4] = mul(s, s)
        output y
        output z
        """
    )
    assert rescaled(graph) == nodes
    assert (params["s"] == params["y"]) == (not nodes)


def test_an_operator_with_a_scale_of_its_own_is_followed_by_a_quantize():
    graph, params, _ = quantized(
        LAYERS + "p f32[1,4] = softmax(a) beta=1.0\ny f32[1,8] = concat(p, c) axis=1\noutput y"
    )
    assert rescaled(graph) == ["p"]
    assert params["p"].scale == (1 / 256,)


def test_constants_and_concats_of_concats_share_it():
    graph, params, x = quantized(
        LAYERS
        + """
        e f32[1,6] = concat(a, k f32[1,2]{1, -2}) axis=1
        y f32[1,10] = concat(c, e) axis=1
        output y
        """
    )
    assert rescaled(graph) == []
    assert params["k"] == params["e"] == params["y"] == params["a"]
    assert ops.run(graph, [x])[0].shape == (50, 1, 10)
