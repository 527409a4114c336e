"""The float model as its own runtime computes it: the only file that imports onnxruntime."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import importers, ops, passes
from .errors import PackError
from .ir import FloatArray, Graph

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
    "tensor(int8)": np.int8,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}


def reference(path: Path, samples: FloatArray | Sequence[FloatArray]) -> list[NDArray[np.float32]]:
    """Outputs [samples, ...] of a model file for samples in its layout.

    Several inputs come as a sequence. A sample lacks the model's batch axis or has it.
    """
    inputs = [samples] if isinstance(samples, np.ndarray) else list(samples)
    if path.suffix.lower() != ".onnx":
        graph = importers.load(path).graph
        return ops.run(graph, ops.source_inputs(graph, inputs))
    session = _session(path)
    if _gives_labels(session):
        # Of a classifier the packed model has the scores alone, as one array.
        graph = passes.run(importers.load(path)).graph
        return ops.run(graph, ops.source_inputs(graph, inputs))
    feeds = []
    for info, x in zip(session.get_inputs(), inputs, strict=True):
        if info.type not in _TYPES:
            raise PackError(f"{path}: input {info.name!r} is {info.type}, which samples are not")
        has_batch = x.ndim - 1 == len(info.shape)
        feeds.append((info.name, x.astype(_TYPES[info.type]), has_batch))
    runs = []
    for i in range(len(inputs[0])):
        feed = {name: x[i] if has_batch else x[i : i + 1] for name, x, has_batch in feeds}
        runs.append(session.run(None, feed))
    return [np.stack(outputs).astype(np.float32) for outputs in zip(*runs, strict=True)]


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Some optimizations are wrong: one moves a Pad by zeros into a MaxPool of negative values.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no common base
        raise PackError(f"{path}: onnxruntime cannot run it ({error})") from error


def _gives_labels(session: Any) -> bool:
    first, *others = (info.type for info in session.get_outputs())
    return bool(others) and first in ("tensor(int64)", "tensor(string)")


def verify_import(path: Path, graph: Graph, samples: FloatArray | Sequence[FloatArray]) -> float:
    """The largest difference between the outputs of the file and of its legal graph."""
    inputs = [samples] if isinstance(samples, np.ndarray) else list(samples)
    expected = reference(path, inputs)
    actual = ops.run(graph, ops.source_inputs(graph, inputs))
    return max(
        float(np.max(np.abs(a.reshape(e.shape) - e), initial=0.0))
        for a, e in zip(actual, expected, strict=True)
    )
