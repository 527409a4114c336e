"""Imports a model and holds the legal graph to what onnxruntime computes."""

from pathlib import Path

import numpy as np
import onnx
from tinypack import importers, ops, passes
from tinypack.calibrate import reference
from tinypack.ir import Graph, Model

SAMPLES = 4


def imported(model: onnx.ModelProto, folder: Path, **arguments) -> Model:
    path = folder / "model.onnx"
    onnx.save(model, path)
    return passes.run(importers.load(path, **arguments))


def samples(graph: Graph, seed: int = 0) -> list[np.ndarray]:
    """For each input, in the layout of the source model."""
    rng = np.random.default_rng(seed)
    inputs = []
    for value in graph.inputs:
        order = value.onnx_permutation or range(value.rank)
        shape = [value.shape[list(order).index(axis)] for axis in range(value.rank)]
        inputs.append(2 * rng.standard_normal((SAMPLES, *shape), np.float32))
    return inputs


def check(model: onnx.ModelProto, folder: Path, tolerance: float = 1e-4) -> Graph:
    """The legal graph of a model whose inputs have fixed shapes."""
    graph = imported(model, folder).graph
    inputs = samples(graph)
    expected = reference(folder / "model.onnx", inputs)
    actual = ops.run(graph, ops.source_inputs(graph, inputs))
    assert [value.name for value in graph.inputs] == _inputs(model)
    assert [value.name for value in graph.outputs] == [v.name for v in model.graph.output]
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance)
    return graph


def _inputs(model: onnx.ModelProto) -> list[str]:
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value.name for value in model.graph.input if value.name not in constants]


def inner_transposes(graph: Graph) -> list[str]:
    """Those that do not just give an output the source model's layout."""
    return [
        node.name
        for node in graph.nodes
        if node.op == "transpose" and not graph.is_output(node.output)
    ]
