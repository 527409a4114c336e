"""Integer weights and bias for one linear layer, from what goes into it on calibration samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .gptq import Floats, damped, gptq, weight_scales

# Largest code by weight type: -128 and -8 would force the general kernels.
LIMITS = {"s8": 127, "s4": 7}
# Below this many bits the weights also make good for what earlier layers shifted.
_DRIFT_TYPES = ("s4",)
_DRIFT_DAMPING = 0.1


@dataclass(frozen=True)
class Columns:
    """Layer inputs [groups, samples, taps]: in the float model, and after quantized ones."""

    exact: Floats
    actual: Floats


@dataclass(frozen=True)
class LinearWeights:
    """y = scale * (codes @ x) + bias; codes [groups, channels, taps], else [groups, channels]."""

    codes: NDArray[np.int8]
    scale: Floats
    bias: Floats
    dtype: str


def quantize_linear(weights: Floats, bias: Floats, columns: Columns, dtype: str) -> LinearWeights:
    """GPTQ, with drift correction for narrow weights; the bias absorbs the mean error left."""
    exact_mean, actual_mean = columns.exact.mean(1), columns.actual.mean(1)
    exact = columns.exact - exact_mean[:, None]
    actual = columns.actual - actual_mean[:, None]
    count = actual.shape[1]
    hessian = actual.swapaxes(1, 2) @ actual / count
    target = weights
    if dtype in _DRIFT_TYPES:
        drift = exact.swapaxes(1, 2) @ actual / count - hessian
        target = weights + weights @ drift @ np.linalg.inv(damped(hessian, _DRIFT_DAMPING))
    limit = LIMITS[dtype]
    # The file holds scales as binary32; what is rounded here is what will be computed.
    scale = weight_scales(target, hessian, limit).astype(np.float32).astype(np.float64)
    codes = gptq(target, scale, hessian, limit)
    used = codes * scale[..., None]
    corrected = bias + _apply(weights, exact_mean) - _apply(used, actual_mean)
    return LinearWeights(codes, scale, corrected, dtype)


def _apply(weights: Floats, column: Floats) -> Floats:
    result: Floats = np.einsum("gck,gk->gc", weights, column)
    return result
