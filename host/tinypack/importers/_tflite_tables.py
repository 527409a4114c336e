"""Functions of one int8 element with TensorFlow Lite Micro's own fixed-point results.

Each gives what all 256 inputs become, from -128 on. Integers of 32 bits are computed in int64 and
saturate where the reference saturates.
Where it has no int8 form (exp, log, sqrt, square, neg, gelu) the rounded float32 function stands.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..ir import FloatArray, QuantParams
from ..ops._requant import add_multipliers, quantize_multiplier
from ..ops.table import Expression, evaluate

Integers = NDArray[np.int64]

_LEAST, _MOST = -(1 << 31), (1 << 31) - 1
_INPUT_BITS = 4
# exp(-1/8), 1/3, exp(-2^i) for i = -2..4, sqrt(1/2) in Q0.31; 48/17, -32/17 in Q2.29
_EXP_EIGHTH, _THIRD = 1895147668, 715827883
_EXP_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
_RECIPROCAL_START, _RECIPROCAL_SLOPE = 1515870810, -1010580540
_HALF_SQRT_2 = 1518500250


def _saturated(x: Integers) -> Integers:
    return np.clip(x, _LEAST, _MOST)


def _product(a: Integers, b: Integers | int) -> Integers:
    """The high half of twice a * b, rounded; halves go up."""
    ab = a * np.int64(b) if isinstance(b, int) else a * b
    nudged = ab + np.where(ab >= 0, 1 << 30, 1 - (1 << 30))
    return _saturated(np.sign(nudged) * (np.abs(nudged) >> 31))


def _divided(x: Integers, exponent: int) -> Integers:
    """By 2^exponent, halves away from zero."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> exponent) + ((x & mask) > threshold)


def _scaled(x: Integers, multiplier: int, shift: int) -> Integers:
    return _divided(_product(_saturated(x << max(shift, 0)), multiplier), max(-shift, 0))


def _negative_exp(x: Integers, bits: int) -> Integers:
    """exp of x <= 0 with `bits` integer bits, in Q0.31."""
    fraction = 31 - bits
    quarter = 1 << (fraction - 2)
    rest = (x & (quarter - 1)) - quarter
    y = _saturated(rest << bits) + (1 << 28)
    square = _product(y, y)
    cube, fourth = _product(square, y), _product(square, square)
    terms = _divided(_product(_divided(fourth, 2) + cube, _THIRD) + square, 1)
    result = _saturated(_product(y + terms, _EXP_EIGHTH) + _EXP_EIGHTH)
    remainder = rest - x
    for power, factor in zip(range(-2, bits), _EXP_POWERS, strict=False):
        present = remainder & (1 << (fraction + power)) != 0
        result = np.where(present, _product(result, factor), result)
    return np.where(x == 0, _MOST, result)


def _reciprocal(x: Integers) -> Integers:
    """2 / (1 + x) of x from 0 to 1, by Newton and Raphson: x in Q0.31, the result in Q2.29."""
    half = (x + _MOST + 1) >> 1
    y = _product(half, _RECIPROCAL_SLOPE) + _RECIPROCAL_START
    for _ in range(3):
        error = (1 << 29) - _product(half, y)
        y = y + _saturated(_product(y, error) << 2)
    return y


def _logistic(x: Integers) -> Integers:
    positive = _saturated(_reciprocal(_negative_exp(-np.abs(x), _INPUT_BITS)) << 1)
    return np.where(x == 0, 1 << 30, np.where(x > 0, positive, _MOST - positive))


def _tanh(x: Integers) -> Integers:
    exp = _negative_exp(-np.abs(x), _INPUT_BITS + 1)
    return np.sign(x) * _saturated((_reciprocal(exp) - (1 << 29)) << 2)


def _codes(x: QuantParams) -> Integers:
    return np.arange(-128, 128, dtype=np.int64) - x.zero_point[0]


def _table(values: Integers) -> tuple[int, ...]:
    return tuple(np.clip(values, -128, 127).tolist())


def _sigmoidal(
    function: Callable[[Integers], Integers], bits: int, zero: int
) -> Callable[[QuantParams, QuantParams], tuple[int, ...]]:
    """A function in Q0.31 of which `bits` stay; far from 0 it is at its limits."""

    def table(x: QuantParams, y: QuantParams) -> tuple[int, ...]:
        codes = _codes(x)
        multiplier, shift = quantize_multiplier(x.scale[0] * (1 << (31 - _INPUT_BITS)))
        limit = ((1 << _INPUT_BITS) - 1) * (1 << (31 - _INPUT_BITS)) / 2.0**shift
        radius = math.floor(limit)
        inside = np.clip(codes, 1 - radius, max(radius - 1, 0))
        values = _divided(function(_scaled(inside, multiplier, shift)), 31 - bits) + zero
        return _table(np.where(codes <= -radius, -128, np.where(codes >= radius, 127, values)))

    return table


logistic = _sigmoidal(_logistic, 8, -128)
tanh = _sigmoidal(_tanh, 7, 0)


def _short_multiplier(real: float) -> tuple[int, int]:
    multiplier, shift = quantize_multiplier(real)
    return min((multiplier + (1 << 15)) >> 16, 0x7FFF), shift


def _short_product(a: Integers, b: int) -> Integers:
    nudged = a * b + np.where(a * b >= 0, 1 << 14, 1 - (1 << 14))
    product: Integers = np.sign(nudged) * (np.abs(nudged) >> 15)
    return _short_shifted(product, 0)


def _short_shifted(x: Integers, shift: int) -> Integers:
    shifted: Integers = np.clip(x << min(shift, 31), -(1 << 15), (1 << 15) - 1)
    return shifted


def hard_swish(x: QuantParams, y: QuantParams) -> tuple[int, ...] | None:
    """In 16 bits. None where the reference takes no such scales."""
    fine = np.float32(1 / 128) * np.float32(x.scale[0])
    multiplier, shift = _short_multiplier(float(fine / np.float32(y.scale[0])))
    if shift > 0:
        return None
    codes = _codes(x) << 7
    straight = _short_product(codes, multiplier)
    gate_multiplier, gate_shift = _short_multiplier(float(fine / np.float32(3 / 32768)))
    gate = _short_shifted(codes, gate_shift - 1) if gate_shift > 0 else codes
    gate = _short_product(gate, gate_multiplier)
    gate = _short_shifted(gate, 1) if gate_shift > 0 else _divided(gate, -gate_shift)
    product = ((gate + (1 << 15)) >> 1) * straight
    kept = np.sign(product) * (np.abs(product) >> 15)
    return _table(_divided(kept, -shift) + y.zero_point[0])


def _ratio(x: QuantParams, y: QuantParams, factor: float = 1.0) -> float:
    """In doubles, as the released interpreter's results show; its source divides in float32."""
    return x.scale[0] * float(np.float32(factor)) / y.scale[0]


def leaky_relu(x: QuantParams, y: QuantParams, alpha: float) -> tuple[int, ...]:
    codes, slope = _codes(x), _ratio(x, y, alpha)
    below = _scaled(codes, *quantize_multiplier(abs(slope)))
    above = _scaled(codes, *quantize_multiplier(_ratio(x, y)))
    below = below if slope >= 0 else -below
    return _table(np.where(codes >= 0, above, below) + y.zero_point[0])


def prelu(x: QuantParams, y: QuantParams, slope: float, step: float) -> tuple[int, ...]:
    """`slope` is a multiple of `step`; unlike leaky_relu() it multiplies before the scaling."""
    codes, quotient = _codes(x), x.scale[0] / y.scale[0]
    stored = round(slope / step)
    product = x.scale[0] * step / y.scale[0]
    below = _scaled(codes * stored, *quantize_multiplier(product))
    above = _scaled(codes, *quantize_multiplier(quotient))
    return _table(np.where(codes >= 0, above, below) + y.zero_point[0])


def divided(x: QuantParams, y: QuantParams, divisor: int, step: float) -> Integers:
    """By `divisor` in units of `step`; results that the reference shifts out are zero."""
    codes = _codes(x) if divisor > 0 else -_codes(x)
    size = abs(divisor)
    bits = size.bit_length()
    fraction = (size << (32 - bits)) - (1 << 31)
    inverse = int(_saturated(_reciprocal(np.array([fraction], np.int64)) << 1)[0])
    multiplier, shift = quantize_multiplier(x.scale[0] / (step * y.scale[0]))
    values = []
    for code in codes.tolist():
        # As many sign bits as an s32 has in front of it
        headroom = 31 - (code if code >= 0 else ~code).bit_length()
        quotient = _product(np.array([code << headroom], np.int64), inverse)
        by = shift - (bits - 1) - headroom
        value = _product(_saturated(quotient << max(by, 0)), multiplier)
        values.append(int(_divided(value, max(-by, 0))[0]))
    return np.array(values, np.int64) + y.zero_point[0]


def absolute(x: QuantParams, y: QuantParams) -> tuple[int, ...]:
    values = np.abs(_codes(x))
    if x.scale != y.scale:
        values = _scaled(values, *quantize_multiplier(_ratio(x, y)))
    return _table(values + y.zero_point[0])


def _inverse_root(value: int) -> tuple[int, int]:
    """Multiplier and shift of 1 / sqrt(value), by Newton and Raphson in Q3.28."""
    if value <= 1:
        return _MOST, 0
    pairs = (31 - value.bit_length()) // 2 - 1
    half = _divided(np.array([value << (2 * pairs) >> 1], np.int64), 1)
    y = np.array([1 << 28], np.int64)
    for _ in range(5):
        cube = _saturated(_product(_product(y, y), y) << 6)
        y = _saturated((_product(y, (1 << 28) + (1 << 27)) - _product(cube, half)) << 3)
    return int(_product(y, _HALF_SQRT_2)[0]), pairs - 11


def rsqrt(x: QuantParams, y: QuantParams) -> tuple[int, ...]:
    """The reference stops at inputs below zero: like zero they give the largest output here."""
    fraction = 20
    root = float(np.sqrt(np.float32(x.scale[0])) * np.float32(y.scale[0]))
    multiplier, shift = quantize_multiplier(1 / root)
    one, values = np.array([1], np.int64), []
    for code in _codes(x).tolist():
        inverse, by = _inverse_root(code)
        data = _scaled(one, inverse, by + fraction)
        value = int(_scaled(data, multiplier, shift - fraction)[0])
        values.append(value + y.zero_point[0] if code > 0 else 127)
    return _table(np.array(values))


def rounded(x: QuantParams, y: QuantParams, function: Expression) -> tuple[int, ...]:
    """In float32, halves away from zero."""
    with np.errstate(all="ignore"):
        reals = evaluate(function, np.float32(x.scale[0]) * _codes(x).astype(np.float32))
        steps = reals.astype(np.float32) * (np.float32(1) / np.float32(y.scale[0]))
    return _stepped(steps, y)


def _stepped(steps: FloatArray, y: QuantParams) -> tuple[int, ...]:
    """Whole steps, halves away from zero."""
    steps = np.nan_to_num(steps.astype(np.float64))
    values = np.copysign(np.floor(np.abs(steps) + 0.5), steps) + y.zero_point[0]
    return _table(np.clip(values, -128, 127).astype(np.int64))


def of_floats(x: QuantParams, y: QuantParams, function: Expression) -> tuple[int, ...]:
    """DEQUANTIZE, the function in float32, and QUANTIZE, which divides."""
    with np.errstate(all="ignore"):
        reals = np.float32(x.scale[0]) * _codes(x).astype(np.float32)
        steps = np.asarray(evaluate(function, reals), np.float32) / np.float32(y.scale[0])
    return _stepped(steps, y)


def subtracted(x: QuantParams, y: QuantParams, number: int, of: QuantParams) -> tuple[int, ...]:
    """SUB of the inputs from `number`, less its zero point and on the scale of `of`."""
    attrs = add_multipliers(of.scale[0], x.scale[0], y.scale[0])

    def scaled(values: Integers, operand: str) -> Integers:
        raised = values << attrs["left_shift"]
        return _scaled(raised, attrs[f"{operand}_multiplier"], attrs[f"{operand}_shift"])

    difference = scaled(np.array([number], np.int64), "x") - scaled(_codes(x), "k")
    return _table(_scaled(difference, attrs["multiplier"], attrs["shift"]) + y.zero_point[0])
