"""Float input to integers: SPEC.md, "Float input"."""

from collections.abc import Sequence

from ..model_file import QuantizerSpec
from ..ops._requant import quantize_multiplier


def input_quantizer(
    scale: float, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)
) -> QuantizerSpec:
    """How (x - mean) / std becomes integers of `scale`; each one number or one per channel."""
    count = max(len(mean), len(std))
    means, deviations = (tuple(v) * (count // len(v)) for v in (mean, std))
    factors = [1 / (deviation * scale) for deviation in deviations]
    pairs = [quantize_multiplier(factor) for factor in factors]
    return QuantizerSpec(
        multiplier=tuple(multiplier for multiplier, _ in pairs),
        shift=tuple(shift for _, shift in pairs),
        offset=tuple(
            round(-m * factor * (1 << 14)) for m, factor in zip(means, factors, strict=True)
        ),
    )
