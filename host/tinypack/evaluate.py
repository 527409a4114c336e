"""How well a model file does on samples, beside the float model it came from."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .errors import PackError
from .execute import Progress, run_samples
from .metrics import agreement, choose_metric, confusion, is_choice, score
from .model_file import ModelSpec
from .sample_pictures import Form
from .samples import Samples, arrange
from .widen import Likeness

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Evaluation:
    """`value` is None without targets, `agreement` and `float_value` without the float model.

    `confusion` of classifiers counts samples by class (row) and answer (column). `likeness` is to
    the float model's outputs, of which numbers have no `agreement`.
    """

    metric: str | None
    value: float | None
    float_value: float | None
    agreement: float | None
    samples: int
    samples_per_s: float
    confusion: NDArray[np.int64] | None = None
    likeness: Likeness | None = None

    @property
    def error(self) -> float | None:
        """Of numbers: squared, as a share of the variance of the float model's."""
        return self.likeness.error if self.likeness and self.agreement is None else None


def feed(model: ModelSpec, samples: Samples) -> list[Array]:
    """What the file's inputs take, in their layout and units, for samples of the source model.

    Of a model that takes windows step by step, [samples, steps, ...].
    """
    arranged = _arranged(model, samples)
    std, mean = _normalization(model)
    if not samples.raw and std is not None:
        arranged = [(x * std + mean).astype(np.float32) for x in arranged]
    windows = _windows(model)
    result = []
    for index, x in zip(model.inputs, arranged, strict=True):
        if (window := windows.get(model.tensors[index].name)) is not None:
            x = np.moveaxis(x, 1 + window[0], 1)
        result.append(np.ascontiguousarray(x))
    return result


def pictures_of(model: ModelSpec) -> Form:
    """What pictures are brought to; not as they are only if the file was packed so."""
    try:
        return Form.of(model.metadata.get("input", {}))
    except ValueError:
        return Form()


def source_inputs(model: ModelSpec, samples: Samples) -> list[Array]:
    """What the source model takes for the same samples."""
    arranged = _arranged(model, samples)
    std, mean = _normalization(model)
    if samples.raw and std is not None:
        arranged = [((x - mean) / std).astype(np.float32) for x in arranged]
    orders = _orders(model)
    result = []
    for index, x in zip(model.inputs, arranged, strict=True):
        order = orders.get(model.tensors[index].name)
        back = np.argsort(order) if order else range(x.ndim - 1)
        result.append(np.ascontiguousarray(x.transpose(0, *(int(axis) + 1 for axis in back))))
    return result


def _arranged(model: ModelSpec, samples: Samples) -> list[Array]:
    tensors = [model.tensors[i] for i in model.inputs]
    arrays = samples.inputs([tensor.name for tensor in tensors])
    orders, windows = _orders(model), _windows(model)
    result = []
    for tensor, x in zip(tensors, arrays, strict=True):
        shape = list(tensor.shape)
        if tensor.name in windows:
            axis, steps = windows[tensor.name]
            shape[axis] = steps
        result.append(arrange(shape, orders.get(tensor.name), x, tensor.name))
    return result


def _windows(model: ModelSpec) -> Mapping[str, Sequence[int]]:
    """Axis and steps of the windows that the source model takes at once, by input."""
    windows: Mapping[str, Sequence[int]] = model.metadata.get("input", {}).get("windows", {})
    return windows


def _orders(model: ModelSpec) -> Mapping[str, list[int]]:
    orders: Mapping[str, list[int]] = model.metadata.get("input", {}).get("permutations", {})
    return orders


def _normalization(model: ModelSpec) -> tuple[Array | None, Array]:
    """Deviation and mean that the file folds in; the deviation is None if it does not."""
    spec = model.metadata.get("input", {})
    mean = np.asarray(spec.get("mean", 0), np.float32)
    if "std" not in spec and "mean" not in spec:
        return None, mean
    return np.asarray(spec.get("std", 1), np.float32), mean


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
    inputs = feed(model, samples)
    start = time.perf_counter()
    outputs = run_samples(file, inputs, progress)[0]
    seconds = time.perf_counter() - start
    if outputs[0].size == 1 and model.tensors[model.outputs[0]].dtype == "s32":
        outputs, reference = _votes(outputs, reference, samples.y)
    value = float_value = counts = None
    if samples.y is not None:
        metric = metric or choose_metric(samples.y, outputs, samples.x)
        value = score(metric, outputs, samples.y, samples.x)
        if reference is not None:
            float_value = score(metric, reference, samples.y, samples.x)
        if metric == "top1":
            counts = confusion(outputs, samples.y)
    elif metric is not None:
        raise PackError(f"{metric} needs targets; add y_test to the samples")
    # Where nobody says, the model's labels or the outputs' form tell classes from numbers.
    chosen = metric is not None or bool(model.labels) or is_choice(outputs, samples.x)
    return Evaluation(
        metric=metric,
        value=value,
        float_value=float_value,
        agreement=_agreement(metric, outputs, reference) if chosen else None,
        samples=len(samples),
        samples_per_s=len(samples) / seconds if seconds > 0 else float("inf"),
        confusion=counts,
        likeness=_likeness(model, outputs, reference),
    )


def _votes(
    outputs: Array, reference: Array | None, y: NDArray[np.generic] | None
) -> tuple[Array, Array | None]:
    """Of indices of classes: the same as a vector of scores, 1 for the class."""
    arrays = (outputs, *(array for array in (reference, y) if array is not None))
    votes = np.eye(max(int(array.max(initial=1)) for array in arrays) + 1, dtype=np.float32)
    of_float = None if reference is None else votes[reference.reshape(-1).astype(np.int64)]
    return votes[outputs.reshape(-1).astype(np.int64)], of_float


def _likeness(model: ModelSpec, outputs: Array, reference: Array | None) -> Likeness | None:
    return None if reference is None else Likeness.of(outputs, reference, bool(model.labels))


def _agreement(metric: str | None, outputs: Array, reference: Array | None) -> float | None:
    """Numbers have no classes that could agree."""
    if reference is None or metric not in (None, "top1", "auc"):
        return None
    return agreement(outputs, reference)
