"""How well a model file does on samples, beside the float model it came from."""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import PackError
from .execute import Progress, run_samples
from .metrics import agreement, choose_metric, score
from .model_file import ModelSpec
from .samples import Samples

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Evaluation:
    """`value` is None without targets, `agreement` and `float_value` without the float model."""

    metric: str | None
    value: float | None
    float_value: float | None
    agreement: float | None
    samples: int
    samples_per_s: float


def feed(model: ModelSpec, x: Array) -> Array:
    """Samples as the source model takes them, in the layout and units of the file's input."""
    if len(model.inputs) != 1:
        raise PackError(f"the model has {len(model.inputs)} inputs; samples hold only one")
    shape = model.tensors[model.inputs[0]].shape
    spec = model.metadata.get("input", {})
    order = spec.get("permutation")
    if order and x.ndim == len(order):
        source = tuple(shape[order.index(axis)] for axis in range(len(order)))
        if x.shape[1:] == source[1:]:
            x = x.transpose(order)
    if x[0].size != int(np.prod(shape)):
        raise PackError(
            f"a sample has {x[0].size} numbers {x.shape[1:]} but the model's input is {shape};"
            " give samples in the layout of the source model's input"
        )
    x = np.ascontiguousarray(x, np.float32).reshape(len(x), *shape)
    if "std" in spec or "mean" in spec:
        x = x * np.asarray(spec.get("std", 1), np.float32)
        x = (x + np.asarray(spec.get("mean", 0), np.float32)).astype(np.float32)
    return x


def evaluate(
    file: bytes,
    model: ModelSpec,
    samples: Samples,
    *,
    metric: str | None = None,
    reference: Array | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Runs the file on the samples; `reference` are the float model's outputs for them."""
    x = feed(model, samples.x)
    start = time.perf_counter()
    outputs = run_samples(file, x, progress)[0]
    seconds = time.perf_counter() - start
    value = float_value = None
    if samples.y is not None:
        metric = metric or choose_metric(samples.y, outputs, samples.x)
        value = score(metric, outputs, samples.y, samples.x)
        if reference is not None:
            float_value = score(metric, reference, samples.y, samples.x)
    elif metric is not None:
        raise PackError(f"{metric} needs targets; add y_test to the samples")
    return Evaluation(
        metric=metric,
        value=value,
        float_value=float_value,
        agreement=agreement(outputs, reference) if reference is not None else None,
        samples=len(x),
        samples_per_s=len(x) / seconds if seconds > 0 else float("inf"),
    )
