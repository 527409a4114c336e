"""Integer weights and bias for one linear layer, from what goes into it on calibration samples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import Array, QuantParams
from ..ops._layer import LinearWeights
from .gptq import Floats, damped, gptq, refine, weight_scales

# Largest code by weight type: -128 and -8 would force the general kernels.
LIMITS = {"s8": 127, "s4": 7}
# Weights of these types also make good for what earlier layers shifted.
_DRIFT_TYPES = ("s4",)
_DRIFT_DAMPING = 0.1


@dataclass(frozen=True)
class Columns:
    """Layer inputs [groups, samples, taps]: in the float model, and after quantized ones."""

    exact: NDArray[np.floating]
    actual: NDArray[np.floating]


def round_linear(
    weights: Floats, bias: Floats, columns: Columns, dtype: str, least_scale: Floats | float = 0.0
) -> tuple[NDArray[np.int8], Floats, Floats]:
    """Codes [groups, channels, taps], scale and bias [groups, channels].

    GPTQ; narrow weights get drift correction before and refinement after it. The bias absorbs
    the mean error left.
    `least_scale` keeps scales large enough for what else is counted in them.
    """
    exact_mean = columns.exact.mean(1, dtype=np.float64)
    actual_mean = columns.actual.mean(1, dtype=np.float64)
    exact = columns.exact - exact_mean[:, None].astype(columns.exact.dtype)
    actual = columns.actual - actual_mean[:, None].astype(columns.actual.dtype)
    hessian = _covariance(actual, actual)
    target = weights
    if dtype in _DRIFT_TYPES:
        drift = _covariance(exact, actual) - hessian
        target = weights + weights @ drift @ np.linalg.inv(damped(hessian, _DRIFT_DAMPING))
    limit = LIMITS[dtype]
    # The file holds scales as binary32; what is rounded here is what will be computed.
    scale = np.maximum(weight_scales(target, hessian, limit), least_scale)
    scale = scale.astype(np.float32).astype(np.float64)
    codes = gptq(target, scale, hessian, limit)
    if dtype in _DRIFT_TYPES:
        codes, scale = refine(target, codes, scale, hessian, limit, least_scale)
    used: Floats = codes.astype(np.float64) * scale[..., None]
    corrected = bias + _apply(weights, exact_mean) - _apply(used, actual_mean)
    return codes, scale, corrected


def stored_weights(weights: Array, quant: QuantParams, bias: Floats, groups: int) -> LinearWeights:
    """Weights [channels, ...] that come with their integers, as they are."""
    scale = np.broadcast_to(np.array(quant.scale, np.float64), len(weights))
    codes = np.rint(weights / scale.reshape(-1, *[1] * (weights.ndim - 1))).astype(np.int8)
    return LinearWeights(codes, scale, bias.reshape(-1), quant.dtype, groups)


def _apply(weights: Floats, column: Floats) -> Floats:
    result: Floats = np.einsum("gck,gk->gc", weights, column)
    return result


def _covariance(a: NDArray[np.floating], b: NDArray[np.floating]) -> Floats:
    """Of centred columns."""
    covariance: Floats = (a.swapaxes(1, 2) @ b).astype(np.float64) / a.shape[1]
    return covariance
