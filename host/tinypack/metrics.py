"""How good outputs are against what they should be: top1, mae, mse, r2, auc, and agreement."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .errors import PackError

Array = NDArray[np.float32]


def choose_metric(y: NDArray[np.generic], outputs: Array, x: Array) -> str:
    """From the targets: whole numbers are classes, a copy of the input is a reconstruction."""
    if y.dtype.kind in "iub":
        if outputs[0].size == 1 and y.max(initial=0) > 1:
            return "mae"  # counts, not classes
        return "auc" if _reconstructs(outputs, x) else "top1"
    return "mse" if _reconstructs(outputs, x) and np.array_equal(y, x) else "mae"


def classes(outputs: Array) -> NDArray[np.int64]:
    """Most likely class of each sample; with a single output, above 0.5 is class 1."""
    flat = outputs.reshape(len(outputs), -1)
    if flat.shape[1] == 1:
        return (flat[:, 0] > 0.5).astype(np.int64)
    winners: NDArray[np.int64] = np.argmax(flat, axis=1)
    return winners


def is_choice(outputs: Array, x: Array) -> bool:
    """Whether a sample's outputs look like one choice between classes: a single vector, and not
    the input once more."""
    return outputs[0].size == max(outputs.shape[1:], default=1) > 1 and not _reconstructs(
        outputs, x
    )


def agreement(outputs: Array, reference: Array) -> float:
    """Share of samples whose class equals the reference's."""
    return float(np.mean(classes(outputs) == classes(reference)))


def confusion(outputs: Array, y: NDArray[np.generic]) -> NDArray[np.int64]:
    """Samples by class (row) and answer (column)."""
    target, answer = target_classes(y), classes(outputs)
    count = max(outputs.reshape(len(outputs), -1).shape[1], 2)
    if target.min(initial=0) < 0 or target.max(initial=0) >= count:
        raise PackError(
            f"y holds class {target.max() if target.min() >= 0 else target.min()} but the model"
            f" has classes 0 to {count - 1}; correct y"
        )
    counts = np.zeros((count, count), np.int64)
    np.add.at(counts, (target, answer), 1)
    return counts


def target_classes(y: NDArray[np.generic]) -> NDArray[np.int64]:
    """Classes of targets that are classes or one-hot rows."""
    target = y.reshape(len(y), -1)
    if target.shape[1] > 1:
        return np.asarray(target.argmax(1), np.int64)
    return target[:, 0].astype(np.int64)


def score(metric: str, outputs: Array, y: NDArray[np.generic], x: Array) -> float:
    """The metric's value; PackError when targets and outputs do not fit."""
    if len(outputs) != len(y):
        raise PackError(f"{len(outputs)} samples but {len(y)} targets; they must be as many")
    return METRICS[metric](outputs, y, x)


def _flat(outputs: Array, y: NDArray[np.generic]) -> tuple[NDArray[np.float64], ...]:
    p = outputs.reshape(len(outputs), -1).astype(np.float64)
    t = y.reshape(len(y), -1).astype(np.float64)
    if p.shape != t.shape:
        raise PackError(
            f"the model gives {p.shape[1]} numbers per sample but y has {t.shape[1]};"
            " choose another --metric or correct y"
        )
    return p, t


def _top1(outputs: Array, y: NDArray[np.generic], x: Array) -> float:
    return float(np.mean(classes(outputs) == target_classes(y)))


def _mae(outputs: Array, y: NDArray[np.generic], x: Array) -> float:
    p, t = _flat(outputs, y)
    return float(np.abs(p - t).mean())


def _mse(outputs: Array, y: NDArray[np.generic], x: Array) -> float:
    p, t = _flat(outputs, y)
    return float(((p - t) ** 2).mean())


def _r2(outputs: Array, y: NDArray[np.generic], x: Array) -> float:
    p, t = _flat(outputs, y)
    spread = ((t - t.mean(0)) ** 2).sum()
    return float(1 - ((p - t) ** 2).sum() / spread) if spread > 0 else float("nan")


def _auc(outputs: Array, y: NDArray[np.generic], x: Array) -> float:
    """Area under the ROC curve of class 1: of the reconstruction error, or of the last output."""
    if _reconstructs(outputs, x):
        difference = outputs.reshape(len(x), -1) - x.reshape(len(x), -1)
        scores = (difference.astype(np.float64) ** 2).mean(1)
    else:
        scores = outputs.reshape(len(outputs), -1)[:, -1].astype(np.float64)
    positive = y.reshape(-1).astype(bool)
    if len(positive) != len(scores) or positive.all() or not positive.any():
        raise PackError("auc needs one target per sample and both classes 0 and 1 in y")
    # Mann-Whitney: the share of pairs in the right order, ties count half.
    values, ranks = np.unique(scores, return_inverse=True)
    ahead = np.bincount(ranks[~positive], minlength=len(values))
    below = np.cumsum(ahead) - ahead / 2
    return float(below[ranks[positive]].mean() / ahead.sum())


def _reconstructs(outputs: Array, x: Array) -> bool:
    return bool(outputs[0].size == x[0].size > 1)


METRICS: dict[str, Callable[[Array, NDArray[np.generic], Array], float]] = {
    "top1": _top1,
    "mae": _mae,
    "mse": _mse,
    "r2": _r2,
    "auc": _auc,
}
