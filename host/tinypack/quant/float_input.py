"""Float input to integers: SPEC.md, "Float input"."""

import math
from collections.abc import Sequence

from ..model_file import QuantizerSpec

# Of shifts: those of sums reach less far, but numbers may be volts of an EEG.
_FARTHEST = 160


def input_quantizer(
    scale: float, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)
) -> QuantizerSpec:
    """How (x - mean) / std becomes integers of `scale`; each one number or one per channel."""
    count = max(len(mean), len(std))
    means, deviations = (tuple(v) * (count // len(v)) for v in (mean, std))
    factors = [1 / (deviation * scale) for deviation in deviations]
    pairs = [_multiplier(factor) for factor in factors]
    return QuantizerSpec(
        multiplier=tuple(multiplier for multiplier, _ in pairs),
        shift=tuple(shift for _, shift in pairs),
        offset=tuple(
            round(-m * factor * (1 << 14)) for m, factor in zip(means, factors, strict=True)
        ),
    )


def _multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier * 2^(shift - 31)."""
    mantissa, shift = math.frexp(real)
    multiplier = round(mantissa * (1 << 31))
    if multiplier == 1 << 31:
        multiplier, shift = 1 << 30, shift + 1
    return multiplier, min(max(shift, -_FARTHEST), _FARTHEST)
