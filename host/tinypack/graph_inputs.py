"""Calibration samples as a float graph takes them."""

import numpy as np
from numpy.typing import NDArray

from . import ops
from .ir import Graph
from .ops.gather import rows_of
from .quant import by_step
from .samples import Samples, arrange

# Samples that ranges and weights are fitted to; more hardly change them.
_MOST_SAMPLES = 400
_NOISE_SAMPLES = 64


def thinned(samples: Samples, graph: Graph) -> Samples:
    """No more samples than help, spread over the file: they are often sorted by class. Those of a
    sequence stay together."""
    count = min(len(samples), _MOST_SAMPLES)
    if ops.streams(node.op for node in graph.nodes):
        return samples.pick(np.arange(count))
    return samples.pick(np.linspace(0, len(samples) - 1, count).round().astype(np.int64))


def graph_inputs(graph: Graph, samples: Samples) -> list[NDArray[np.float32]]:
    """The samples as the graph takes them, each run of a sequence as one."""
    arrays = samples.inputs([value.name for value in graph.inputs])
    result = []
    for value, x in zip(graph.inputs, arrays, strict=True):
        shape = list(value.shape)
        if window := graph.windows.get(value.name):
            axis, shape[axis] = window
        x = arrange(shape, value.onnx_permutation, x, value.name)
        if window:
            x = np.moveaxis(x, 1 + axis, 1).reshape(-1, *value.shape)
        else:
            x = np.repeat(x, graph.runs, 0)
        result.append(ops.normalized(value, x))
    return result


def noise_inputs(graph: Graph) -> list[NDArray[np.float32]]:
    """Seeded stand-in for calibration samples."""
    rng = np.random.default_rng(0)
    arrays = []
    for value in graph.inputs:
        shape = (_NOISE_SAMPLES, *value.shape)
        rows = rows_of(value)
        noise = rng.standard_normal(shape) if rows is None else rng.integers(0, rows, shape)
        arrays.append(noise.astype(np.float32))
    return arrays


def expect_sequences(graph: Graph, calibration: Samples | None) -> None:
    """For a graph of single steps whose state is kept."""
    shapes = None
    if calibration is not None:
        names = [value.name for value in graph.inputs]
        arrays = calibration.inputs(names)
        shapes = {name: x.shape[1:] for name, x in zip(names, arrays, strict=True)}
    by_step.expect_sequences(graph, shapes)
