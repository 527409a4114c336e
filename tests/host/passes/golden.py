"""Text in, text out; and a legal graph computes the same after a pass as before."""

import re
from collections.abc import Callable

import numpy as np
from tinypack import ops
from tinypack.ir import Graph, Model, format_graph, parse_graph, verify


def check(change: Callable[[Model], None], before: str, after: str) -> None:
    graph = parse_graph(_joined(before))
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((3, *value.shape), np.float32) for value in graph.inputs]
    legal = all(node.op in ops.MODULES for node in graph.nodes)
    expected = ops.run(graph, inputs) if legal else []
    change(Model(graph, opset=17))
    verify(graph)
    assert _lines(format_graph(graph)) == _lines(_joined(after))
    if legal:
        actual = ops.run(graph, _permuted(graph, inputs))
        for a, e in zip(actual, expected, strict=True):
            np.testing.assert_allclose(a, e, rtol=1e-4, atol=1e-5)


def _joined(text: str) -> str:
    """Lines that were continued have no indentation within."""
    return re.sub(r"(?<=\S) +", " ", text)


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and line != "graph"]


def _permuted(graph: Graph, inputs: list[np.ndarray]) -> list[np.ndarray]:
    return [
        x.transpose(0, *(axis + 1 for axis in value.onnx_permutation))
        if value.onnx_permutation
        else x
        for value, x in zip(graph.inputs, inputs, strict=True)
    ]
