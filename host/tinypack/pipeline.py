"""The whole way from a trained model to a model file, step by step."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import importers, ops, passes
from .errors import PackError
from .evaluate import Evaluation, evaluate
from .execute import golden_noise, golden_sample
from .input_spec import InputSpec
from .ir import Graph, Model
from .metrics import classes
from .model_file import GoldenSpec, ModelSpec, write_model
from .plan import MemoryPlan, apply_plan, plan_memory
from .quant import PRECISIONS, quantize_graph
from .quant.emit import emit
from .quant.float_input import input_quantizer
from .quant.stored import is_stored, stored_graph
from .samples import Samples

# (what, done, total)
Progress = Callable[[str, int, int], None]

# Samples that ranges and weights are fitted to; more hardly change them.
_MOST_SAMPLES = 400
# Below this, ranges depend on which samples they were.
_ENOUGH_SAMPLES = 100
_NOISE_SAMPLES = 64
# Golden samples may take this share of the file.
_GOLDEN_SHARE = 0.02


@dataclass(frozen=True)
class Packed:
    """`file` is what goes on the board; `accuracy` is on the calibration samples."""

    file: bytes
    model: ModelSpec
    plan: MemoryPlan
    precision: str
    accuracy: Evaluation | None
    warnings: tuple[str, ...]


def load(path: str | Path, *, input_shapes: Mapping[str, Sequence[int]] | None = None) -> Model:
    """A model file of another tool as a graph of our operators, in floats."""
    model = importers.load(Path(path), input_shapes)
    # A model without an opset comes from a format whose operators are ours.
    return passes.run(model) if model.opset else model


def quantize(
    model: Model,
    calibration: Samples | None = None,
    *,
    precision: str = "int8",
    input_spec: InputSpec | None = None,
    labels: Sequence[str] = (),
    progress: Progress | None = None,
) -> ModelSpec:
    """Integers for a loaded model; memory is not planned yet."""
    if precision not in PRECISIONS:
        raise PackError(f"precision {precision} is unknown; choose {', '.join(PRECISIONS)}")
    graph = model.graph
    spec = input_spec or InputSpec()
    if is_stored(graph):
        precision = "int8"
        quantized = stored_graph(graph)
    else:
        inputs = _calibration_inputs(graph, calibration)
        quantized = quantize_graph(graph, inputs, precision, _named(progress, "quantizing"))
    quantizers = {
        value: input_quantizer(quantized.params[value].scale[0], spec.mean, spec.std)
        for value in graph.inputs
    }
    metadata: dict[str, Any] = {"precision": precision}
    if described := spec.describe(graph):
        metadata["input"] = described
    return emit(quantized, quantizers, tuple(labels), metadata)


def pack(
    path: str | Path,
    calibration: Samples | None = None,
    *,
    precision: str = "int8",
    labels: Sequence[str] = (),
    input_spec: InputSpec | None = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    progress: Progress | None = None,
) -> Packed:
    """The model file for a trained model."""
    path = Path(path)
    if progress:
        progress("loading", 0, 1)
    model = load(path, input_shapes=input_shapes)
    task = _task(model, calibration)
    if task == "classify":
        labels = labels or model.labels or (calibration.labels if calibration else ())
        labels = _checked_labels(model.graph, labels)
    bare = quantize(
        model,
        calibration,
        precision=precision,
        input_spec=input_spec,
        labels=labels,
        progress=progress,
    )
    plan = plan_memory(bare)
    planned = apply_plan(bare, plan)
    metadata = _metadata(path, model, task) | dict(planned.metadata)
    accuracy = None
    if calibration is not None:
        accuracy = _accuracy(planned, model, calibration, task, _named(progress, "checking"))
        metadata["accuracy"] = _accuracy_record(accuracy)
    planned = replace(planned, metadata=metadata)
    golden = _golden(planned, model, calibration)
    complete = replace(planned, golden=golden)
    return Packed(
        file=write_model(complete),
        model=complete,
        plan=plan,
        precision=precision,
        accuracy=accuracy,
        warnings=tuple(_warnings(model, calibration, precision)),
    )


def _named(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return (lambda done, total: progress(what, done, total)) if progress else None


def _calibration_inputs(graph: Graph, calibration: Samples | None) -> list[NDArray[np.float32]]:
    """What the graph is fed to fit ranges and weights; without samples seeded noise."""
    if calibration is None:
        rng = np.random.default_rng(0)
        return [
            rng.standard_normal((_NOISE_SAMPLES, *value.shape)).astype(np.float32)
            for value in graph.inputs
        ]
    # Spread over the file: samples are often sorted by class.
    count = min(len(calibration), _MOST_SAMPLES)
    picks = np.linspace(0, len(calibration) - 1, count).round().astype(int)
    return ops.source_inputs(graph, [calibration.x[picks]])


def _task(model: Model, calibration: Samples | None) -> str | None:
    """classify or regress, if it shows."""
    if calibration is not None and calibration.y is not None:
        return "classify" if calibration.y.dtype.kind in "iub" else "regress"
    last = model.graph.outputs[0].producer
    if model.labels or (last is not None and last.op == "softmax"):
        return "classify"
    return None


def _checked_labels(graph: Graph, labels: Sequence[str]) -> tuple[str, ...]:
    """As many as the output has classes; class0, class1, … without any."""
    size = graph.outputs[0].shape[-1] if graph.outputs[0].shape else 1
    count = max(size, 2)
    if labels and len(labels) != count:
        raise PackError(
            f"{len(labels)} labels were given but the model has {count} classes; give {count}"
        )
    return tuple(labels) or tuple(f"class{i}" for i in range(count))


def _metadata(path: Path, model: Model, task: str | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": path.stem,
        "tool": f"tinypack {_version()}",
        "source_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    if task:
        metadata["task"] = task
    for key in ("licence", "license"):
        if key in model.metadata:
            metadata["licence"] = model.metadata[key]
    return metadata


def _version() -> str:
    try:
        return version("tinyinfer")
    except PackageNotFoundError:  # a checkout that is not installed
        import tinyinfer

        return str(tinyinfer.__version__)


def _accuracy(
    planned: ModelSpec,
    model: Model,
    calibration: Samples,
    task: str | None,
    progress: Callable[[int, int], None] | None,
) -> Evaluation:
    """Of the packed model beside the float one, on the calibration samples.

    Never on test samples: what they are must not change a byte of the file.
    """
    reference = ops.run(model.graph, ops.source_inputs(model.graph, [calibration.x]))[0]
    return evaluate(
        write_model(planned), planned, calibration, reference=reference, progress=progress
    )


def _accuracy_record(accuracy: Evaluation) -> dict[str, Any]:
    record: dict[str, Any] = {"set": "calibration", "samples": accuracy.samples}
    if accuracy.metric:
        record |= {
            "metric": accuracy.metric,
            "float": _rounded(accuracy.float_value),
            "packed": _rounded(accuracy.value),
        }
    if accuracy.agreement is not None:
        record["agreement"] = _rounded(accuracy.agreement)
    return record


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _golden(
    planned: ModelSpec, model: Model, calibration: Samples | None
) -> tuple[GoldenSpec, ...]:
    """The generator's input with every operator's CRC, and real samples while they are small."""
    file = write_model(planned)
    golden = [golden_noise(file, planned)]
    if calibration is None or len(planned.inputs) != 1:
        return tuple(golden)
    shortest = len(write_model(replace(planned, golden=tuple(golden))))
    for sample in ops.source_inputs(model.graph, [calibration.x])[0]:
        vector = golden_sample(file, planned, sample)
        longer = len(write_model(replace(planned, golden=(*golden, vector))))
        if longer - shortest > _GOLDEN_SHARE * longer:
            break
        golden.append(vector)
    return tuple(golden)


def _warnings(model: Model, calibration: Samples | None, precision: str) -> list[str]:
    if calibration is None:
        return [
            "NO CALIBRATION DATA: ranges were guessed from noise, accuracy may be anything;"
            " give real samples with --calib"
        ]
    warnings = []
    if len(calibration) < _ENOUGH_SAMPLES:
        warnings.append(
            f"only {len(calibration)} calibration samples: {_ENOUGH_SAMPLES} or more give better"
            " ranges"
        )
    missing = _missing_classes(model, calibration)
    if missing:
        warnings.append(
            f"no calibration sample is of class {', '.join(missing)}: accuracy there is unknown;"
            " add samples of every class"
        )
    return warnings


def _missing_classes(model: Model, calibration: Samples) -> list[str]:
    if _task(model, calibration) != "classify":
        return []
    outputs = ops.run(model.graph, ops.source_inputs(model.graph, [calibration.x]))[0]
    count = max(outputs[0].size, 2)
    seen = np.bincount(classes(outputs), minlength=count)
    names = _checked_labels(model.graph, model.labels)
    return [names[i] for i in np.flatnonzero(seen == 0)]
