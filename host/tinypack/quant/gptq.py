"""Rounds the weights of a linear layer so that its outputs move least, column by column (GPTQ).

Weights are [groups, channels, taps], `hessian` is the covariance of the layer's input columns
[groups, taps, taps]. Each column's rounding error is spread over the columns still to come.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Part of the mean diagonal added to the covariance: columns that hardly vary stay solvable.
DAMPING = 0.01
# Weight scales tried, as shares of what the largest weight needs.
SCALE_RATIOS = np.linspace(0.25, 1.15, 91)
# Passes over scales and codes after GPTQ; more gain nothing that is seen on new samples.
REFINEMENTS = 2


def damped(matrix: Floats, damping: float) -> Floats:
    """The matrix plus `damping` times its mean diagonal; an identity where it is all zero."""
    mean = np.diagonal(matrix, axis1=-2, axis2=-1).mean(-1)
    ridge = np.where(mean > 0, damping * mean, 1.0)
    result: Floats = matrix + ridge[..., None, None] * np.eye(matrix.shape[-1])
    return result


def weight_scales(weights: Floats, hessian: Floats, limit: int) -> Floats:
    """Per channel the scale with the least weighted rounding error; codes reach +-limit."""
    importance = np.diagonal(hessian, axis1=-2, axis2=-1)[:, None, :]
    importance = np.where(importance.sum(-1, keepdims=True) > 0, importance, 1.0)
    largest = np.abs(weights).max(-1)
    full = np.where(largest > 0, largest, 1.0) / limit
    best, least = full, np.full(full.shape, np.inf)
    for ratio in SCALE_RATIOS:
        scale = full * ratio
        error = weights - scale[..., None] * round_to(weights, scale, limit)
        loss = (importance * error**2).sum(-1)
        better = loss < least
        best, least = np.where(better, scale, best), np.where(better, loss, least)
    return best


def round_to(weights: Floats, scale: Floats, limit: int) -> Floats:
    """Nearest codes in [-limit, limit]."""
    return np.clip(np.round(weights / scale[..., None]), -limit, limit)


def gptq(weights: Floats, scale: Floats, hessian: Floats, limit: int) -> NDArray[np.int8]:
    """Codes [groups, channels, taps] in [-limit, limit]."""
    # Columns that vary most come first: later ones can still make good for them.
    order = np.argsort(-np.diagonal(hessian, axis1=-2, axis2=-1), axis=-1, kind="stable")
    rest = np.take_along_axis(weights, order[:, None, :], -1)
    sorted_hessian = np.take_along_axis(hessian, order[:, :, None], -2)
    sorted_hessian = np.take_along_axis(sorted_hessian, order[:, None, :], -1)
    inverse = np.linalg.inv(damped(sorted_hessian, DAMPING))
    upper = np.linalg.cholesky(inverse).swapaxes(-1, -2)
    codes = np.zeros_like(rest)
    for k in range(weights.shape[-1]):
        column = rest[..., k]
        codes[..., k] = np.clip(np.round(column / scale), -limit, limit)
        error = (column - scale * codes[..., k]) / upper[:, None, k, k]
        rest[..., k + 1 :] -= error[..., None] * upper[:, None, k, k + 1 :]
    result = np.empty_like(codes)
    np.put_along_axis(result, order[:, None, :], codes, -1)
    return result.astype(np.int8)


def refine(
    weights: Floats,
    codes: NDArray[np.int8],
    scale: Floats,
    hessian: Floats,
    limit: int,
    least_scale: Floats | float = 0.0,
) -> tuple[NDArray[np.int8], Floats]:
    """Codes and scales with a smaller (w - s q)^T H (w - s q): each in turn, the others fixed.

    The scale is the least-squares one; a code then goes to the nearest integer of its optimum.
    """
    matrix = damped(hessian, DAMPING)
    variance = np.diagonal(matrix, axis1=-2, axis2=-1)
    current = codes.astype(np.float64)
    for _ in range(REFINEMENTS):
        weighted = current @ matrix
        overlap, size = (weights * weighted).sum(-1), (current * weighted).sum(-1)
        refit = np.divide(overlap, size, out=scale.copy(), where=(overlap > 0) & (size > 0))
        # The file holds scales as binary32.
        scale = np.maximum(refit, least_scale).astype(np.float32).astype(np.float64)
        gradient = (weights - current * scale[..., None]) @ matrix
        for k in range(weights.shape[-1]):
            step = gradient[..., k] / (variance[:, None, k] * scale)
            moved = np.clip(np.round(current[..., k] + step), -limit, limit)
            change = (moved - current[..., k]) * scale
            gradient -= change[..., None] * matrix[:, None, k, :]
            current[..., k] = moved
    return current.astype(np.int8), scale
