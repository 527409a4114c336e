"""Scale and zero point of an activation, from its values on calibration samples."""

import numpy as np
from numpy.typing import NDArray

from ..ir import QuantParams
from ..ops._layer import s8, s16

# Shares of the seen range that are tried; what lies outside is clipped.
CLIP_RATIOS = np.linspace(0.3, 1.0, 36)
# Values looked at per tensor: more change a range by less than the grid's step.
_SAMPLE = 50_000


# s16 reaches so many times the largest value seen: clipping would be the only error left.
HEADROOM = 4.0


def affine_range(low: float, high: float, bits: int = 8) -> tuple[float, int]:
    """(scale, zero_point) such that [low, high] and zero are inside and zero is exact."""
    low, high = min(low, 0.0), max(high, 0.0)
    lowest, levels = -(1 << (bits - 1)), (1 << bits) - 1
    scale = float(np.float32((high - low) / levels)) if high > low else 1.0
    if scale == 0.0:
        return 1.0, 0
    zero_point = round(lowest - low / scale)
    return scale, min(max(zero_point, lowest), lowest + levels)


def fake_quantize(
    values: NDArray[np.float32], scale: float, zero_point: int, bits: int = 8
) -> NDArray[np.float32]:
    """The values that integers of this scale stand for."""
    lowest = -(1 << (bits - 1)) - zero_point
    codes = np.clip(np.rint(values / np.float32(scale)), lowest, lowest + (1 << bits) - 1)
    result: NDArray[np.float32] = (codes * np.float32(scale)).astype(np.float32)
    return result


def observe(values: NDArray[np.float32], bits: int = 8) -> tuple[float, int]:
    """The (scale, zero_point) with the least squared error over a grid of clipped ranges."""
    flat = values.reshape(-1)
    low, high = float(flat.min(initial=0.0)), float(flat.max(initial=0.0))
    if flat.size > _SAMPLE:
        flat = np.random.default_rng(0).choice(flat, _SAMPLE, replace=False)

    def error(low: float, high: float) -> float:
        return float(
            np.mean((fake_quantize(flat, *affine_range(low, high, bits), bits) - flat) ** 2)
        )

    # Both ends together, then each alone: an outlier on one side must not clip the other.
    ends = min(((low * r, high * r) for r in CLIP_RATIOS[::-1]), key=lambda e: error(*e))
    ends = min([ends, *((ends[0], high * r) for r in CLIP_RATIOS)], key=lambda e: error(*e))
    ends = min([ends, *((low * r, ends[1]) for r in CLIP_RATIOS)], key=lambda e: error(*e))
    return affine_range(*ends, bits)


def integers(values: NDArray[np.float32], dtype: str, constant: bool = False) -> QuantParams:
    """The integers of an activation, from its values; a constant has no others."""
    if dtype == "s16":
        largest = float(np.abs(values).max(initial=0.0)) * (1.0 if constant else HEADROOM)
        return s16(float(np.float32(largest / 32767)) or 1.0)
    if constant:
        return s8(*affine_range(float(values.min()), float(values.max())))
    return s8(*observe(values))


def rounded(values: NDArray[np.float32], params: QuantParams) -> NDArray[np.float32]:
    """The values that integers of these parameters stand for."""
    return fake_quantize(values, params.scale[0], params.zero_point[0], params.bits)


def signal_to_noise(exact: NDArray[np.float32], actual: NDArray[np.float32]) -> float:
    """Power of `exact` over that of the difference, in dB; infinite without one."""
    error = float(np.square(exact - actual, dtype=np.float64).sum())
    power = float(np.square(exact, dtype=np.float64).sum())
    if error == 0.0:
        return float("inf")
    return 10 * float(np.log10(max(power, 1e-300) / error))
