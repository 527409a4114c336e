"""The float model as its own runtime computes it: the only file that imports onnxruntime."""

from collections.abc import Mapping, Sequence
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

    Several inputs come as a sequence. A sample lacks the model's batch axis or has it. Without the
    states of a model for streams, samples are of many runs, and the outputs those of the last.
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
    if len(session.get_inputs()) > len(inputs):
        return _run_by_run(session, passes.bind_states(importers.load(path)), inputs)
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


def _run_by_run(
    session: Any, states: Mapping[str, str], inputs: Sequence[FloatArray]
) -> list[NDArray[np.float32]]:
    """`states`: the outputs that inputs continue with; they begin with zeros."""
    infos = session.get_inputs()
    fed = [info for info in infos if info.name not in states]
    names = [output.name for output in session.get_outputs()]
    answers = []
    for i in range(len(inputs[0])):
        runs = [_runs(x[i], info.shape) for x, info in zip(inputs, fed, strict=True)]
        state = {info.name: np.zeros(info.shape, np.float32) for info in infos if info not in fed}
        for run in range(max(map(len, runs))):
            feed = {info.name: x[run % len(x)] for info, x in zip(fed, runs, strict=True)}
            found = dict(zip(names, session.run(None, feed | state), strict=True))
            state = {name: found[states[name]] for name in state}
        answers.append([found[name] for name in names if name not in states.values()])
    return [np.stack(outputs).astype(np.float32) for outputs in zip(*answers, strict=True)]


def _runs(x: FloatArray, shape: Sequence[int]) -> FloatArray:
    """A sample as the inputs [runs, *shape] that its axis of steps holds."""
    axis = next((a for a, size in enumerate(shape) if x.shape[a] != size), 0)
    return np.moveaxis(x, axis, 0).reshape(-1, *shape).astype(np.float32)


def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Some optimizations are wrong: one moves a Pad by zeros into a MaxPool of negative values.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        return onnxruntime.InferenceSession(
            importers.runnable(path), options, providers=["CPUExecutionProvider"]
        )
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
