"""Scale and zero point of an activation, from its values on calibration samples."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import QuantParams
from ..ops._layer import s8, s16

# Shares of the seen range that are tried; what lies outside is clipped.
CLIP_RATIOS = np.linspace(0.3, 1.0, 36)
# Values looked at per tensor: more change a range by less than the grid's step.
_SAMPLE = 50_000
# Of fewer values than this others are expected to lie outside of the seen range.
_FEW = 256
_THROUGH_RATIOS = np.concatenate([np.linspace(0.05, 0.275, 10), CLIP_RATIOS])
_WIDER_RATIOS = np.concatenate([CLIP_RATIOS, np.linspace(1.05, 2.0, 20)])
# This share of them shows how the tail goes on, or so many.
_TAIL_SHARE, _TAIL = 8, 64

Function = Callable[[NDArray[np.float32]], NDArray[np.float32]]

# s16 reaches so many times the largest value seen: clipping would be the only error left.
HEADROOM = 4.0


def affine_range(low: float, high: float, bits: int = 8) -> tuple[float, int]:
    """(scale, zero_point) such that [low, high] and zero are inside and zero is exact."""
    low, high = min(low, 0.0), max(high, 0.0)
    lowest, levels = -(1 << (bits - 1)), (1 << bits) - 1
    scale = float(np.float32((high - low) / levels)) if high > low else 1.0
    if scale < np.finfo(np.float32).tiny:  # without a reciprocal
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


@dataclass(frozen=True)
class _Tail:
    """What to expect above `start`: excesses of a generalized Pareto distribution.

    The largest of few values says little of those that will come; how far the largest ones lie
    beyond the others does. Scale and shape by moments (Hosking and Wallis, 1987), of the shape
    half because so few leave much of it to chance; one below 0 has an end, as what a bounded
    function gives, and one above 0 is taken for exponential.
    """

    ordered: NDArray[np.float32]
    start: float
    share: float
    scale: float
    shape: float

    @classmethod
    def fit(cls, ordered: NDArray[np.float32]) -> "_Tail":
        count = min(ordered.size // _TAIL_SHARE, _TAIL)
        start = float(ordered[-count - 1])
        excesses = ordered[ordered.size - count :].astype(np.float64) - start
        mean, variance = (float(excesses.mean()), float(excesses.var())) if count else (0.0, 0.0)
        if variance == 0.0:
            return cls(ordered, start, count / ordered.size, 0.0, 0.0)
        shape = min((1 - mean**2 / variance) / 4, 0.0)
        return cls(ordered, start, count / ordered.size, mean * (1 - shape), shape)

    def unseen(self, end: float) -> float:
        """What clipping at `end` will cost more, in squared error, than it does what was seen."""
        beyond = self.ordered[self.ordered.searchsorted(end) :].astype(np.float64) - end
        return max(self._clipped(end) - float(np.square(beyond).sum()) / self.ordered.size, 0.0)

    def _clipped(self, end: float) -> float:
        below, above = max(self.start - end, 0.0), max(end - self.start, 0.0)
        # Above any threshold the distribution is of the same shape.
        scale = self.scale + self.shape * above
        if scale <= 0.0:
            return self.share * below**2
        left = scale / self.scale
        reached = left ** (-1 / self.shape) if self.shape else math.exp(-above / self.scale)
        mean = scale / (1 - self.shape)
        square = 2 * scale * mean / (1 - 2 * self.shape)
        return self.share * reached * (square + 2 * mean * below + below**2)


def thinned(flat: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """At most `count` of the values: at random, a stride could keep to some channels."""
    if flat.size <= count:
        return flat
    picks: NDArray[np.float32] = np.random.default_rng(0).choice(flat, count, replace=False)
    return picks


def observe(
    values: NDArray[np.float32], bits: int = 8, function: Function | None = None
) -> tuple[float, int]:
    """The (scale, zero_point) with the least squared error over a grid of ranges: of these values,
    and of those to expect where they are few. If a `function` alone reads them, its error counts:
    what it does not tell apart needs no codes."""
    flat = values.reshape(-1)
    low, high = float(flat.min(initial=0.0)), float(flat.max(initial=0.0))
    flat = thinned(flat, _SAMPLE)
    few = 0 < flat.size < _FEW
    ordered = np.sort(flat)
    exact = function(flat) if function and not few else flat
    through = function if function and not few and np.isfinite(exact).all() else None
    ratios = _WIDER_RATIOS if few else _THROUGH_RATIOS if through else CLIP_RATIOS
    upper, lower = (_Tail.fit(x) if few else None for x in (ordered, -ordered[::-1]))

    def error(low: float, high: float) -> float:
        scale, zero_point = affine_range(low, high, bits)
        actual = fake_quantize(flat, scale, zero_point, bits)
        total = float(np.mean(((through(actual) if through else actual) - exact) ** 2))
        if upper and lower:
            total += upper.unseen(high) + lower.unseen(-low)
        return total

    # Both ends together, then each alone: an outlier on one side must not clip the other.
    ends = min(((low * r, high * r) for r in ratios[::-1]), key=lambda e: error(*e))
    ends = min([ends, *((ends[0], high * r) for r in ratios)], key=lambda e: error(*e))
    ends = min([ends, *((low * r, ends[1]) for r in ratios)], key=lambda e: error(*e))
    return affine_range(*ends, bits)


def integers(
    values: NDArray[np.float32],
    dtype: str,
    constant: bool = False,
    function: Function | None = None,
    others: NDArray[np.float32] | None = None,
) -> QuantParams:
    """The integers of an activation, from its values; a constant has no others. `function`: what
    alone reads them, element by element. `others` have to be in the range as well."""
    extremes = values if others is None else np.concatenate([values.reshape(-1), others])
    if dtype == "s16":
        largest = float(np.abs(extremes).max(initial=0.0)) * (1.0 if constant else HEADROOM)
        return s16(float(np.float32(largest / 32767)) or 1.0)
    if constant:
        return s8(*affine_range(float(values.min()), float(values.max())))
    scale, zero_point = observe(values, function=function)
    if others is not None:
        low, high = (scale * (end - zero_point) for end in (-128, 127))
        ends = min(low, float(others.min())), max(high, float(others.max()))
        scale, zero_point = affine_range(*ends)
    return s8(scale, zero_point)


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
