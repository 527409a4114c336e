"""Real factors as the integers that SPEC.md's arithmetic takes."""

import math

# TensorFlow Lite scales both inputs of an addition up by so many bits before they meet.
ADD_LEFT_SHIFT = {"s8": 20, "s16": 15}


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier * 2^(shift - 31).

    Too small a factor is 0 with a right shift: the kernels' fast forms take right shifts only.
    """
    if real < 0 or not math.isfinite(real):
        raise ValueError(f"no multiplier for {real}")
    mantissa, shift = math.frexp(real)
    multiplier = round(mantissa * (1 << 31))
    if multiplier == 1 << 31:
        multiplier, shift = 1 << 30, shift + 1
    if shift < -31 or multiplier == 0:
        return 0, -1
    if shift > 30:
        return (1 << 31) - 1, 30
    return multiplier, shift


def short_multiplier(real: float) -> tuple[int, int]:
    """What TensorFlow Lite multiplies sums of 64 bits with: 15 bits of the factor, rounded once.
    Without a right shift behind it the kernels round once as well."""
    multiplier, shift = quantize_multiplier(real)
    if multiplier == 0:
        return 0, -1
    short = min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1)
    if shift >= 0:
        return short << 16, shift
    if shift < -16:
        raise ValueError(f"no rounding once for {real}")
    return short << (16 + shift), 0


def add_multipliers(
    scale_x: float, scale_k: float, scale_y: float, dtype: str = "s8"
) -> dict[str, int]:
    """Attributes of add: both inputs on twice the larger scale, then to the output's."""
    twice = 2 * max(scale_x, scale_k)
    x_multiplier, x_shift = quantize_multiplier(scale_x / twice)
    k_multiplier, k_shift = quantize_multiplier(scale_k / twice)
    left_shift = ADD_LEFT_SHIFT[dtype]
    multiplier, shift = quantize_multiplier(twice / ((1 << left_shift) * scale_y))
    return {
        "x_multiplier": x_multiplier,
        "x_shift": x_shift,
        "k_multiplier": k_multiplier,
        "k_shift": k_shift,
        "multiplier": multiplier,
        "shift": shift,
        "left_shift": left_shift,
    }


def softmax_attributes(beta: float, scale_x: float) -> dict[str, int]:
    """TensorFlow Lite's: beta * scale in Q5.26, and the difference below which exp is zero."""
    integer_bits = 5
    real = min(beta * scale_x * (1 << (31 - integer_bits)), (1 << 31) - 1.0)
    multiplier, shift = quantize_multiplier(real)
    shift = max(shift, 0)
    largest = ((1 << integer_bits) - 1) * (1 << (31 - integer_bits)) / (1 << shift)
    return {"multiplier": multiplier, "shift": shift, "diff_min": -math.floor(largest)}
