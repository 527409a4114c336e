"""Multipliers stand for the real factors they came from."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinypack.ops._requant import add_multipliers, quantize_multiplier, softmax_attributes
from tinypack.quant.float_input import input_quantizer


@given(st.floats(2.0**-31, 2.0**29))
def test_multiplier_is_exact_to_31_bits(real):
    multiplier, shift = quantize_multiplier(real)
    assert 1 << 30 <= multiplier < 1 << 31
    assert -31 <= shift <= 30
    assert math.isclose(multiplier * 2.0 ** (shift - 31), real, rel_tol=2.0**-31)


def test_multiplier_at_the_edges():
    assert quantize_multiplier(1.0) == (1 << 30, 1)
    assert quantize_multiplier(1.0 - 2.0**-40) == (1 << 30, 1)
    assert quantize_multiplier(0.0) == (0, -1)
    assert quantize_multiplier(2.0**-40) == (0, -1)
    assert quantize_multiplier(2.0**40) == ((1 << 31) - 1, 30)
    with pytest.raises(ValueError, match="no multiplier"):
        quantize_multiplier(math.nan)


# Scales further apart than 1000 leave no 31 bits for the sum.
@given(*[st.floats(1e-2, 1e1)] * 3)
def test_an_addition_keeps_the_ratios_of_its_scales(x, k, y):
    a = add_multipliers(x, k, y)
    out = a["multiplier"] * 2.0 ** (a["shift"] - 31 + a["left_shift"])
    for scale, name in ((x, "x"), (k, "k")):
        multiplier, shift = a[f"{name}_multiplier"], a[f"{name}_shift"]
        if multiplier:
            factor = multiplier * 2.0 ** (shift - 31)
            assert math.isclose(factor * out, scale / y, rel_tol=1e-8)


def test_softmax_attributes_are_those_of_tflite():
    # scale 1/16, beta 1: 2^26 / 16 = 2^22, which frexp writes as 2^30 * 2^(23 - 31)
    assert softmax_attributes(1.0, 1 / 16) == {
        "multiplier": 1 << 30,
        "shift": 23,
        "diff_min": -248,
    }


def test_input_quantizer_folds_mean_and_deviation():
    q = input_quantizer(0.5, mean=[3.0], std=[0.25])
    assert q.multiplier[0] * 2.0 ** (q.shift[0] - 31) == 8.0
    assert q.offset == (-24 << 14,)


@pytest.mark.parametrize("std", [1e-12, 3e-6, 1.0, 4e9])
def test_input_quantizer_reaches_features_of_any_size(std):
    """As volts of an EEG: shifts reach further than those of sums."""
    q = input_quantizer(1 / 32000, mean=[2 * std], std=[std])
    factor = q.multiplier[0] * 2.0 ** (q.shift[0] - 31)
    assert factor == pytest.approx(32000 / std, rel=1e-8)
    assert q.offset == (-2 * 32000 << 14,)


def test_input_quantizer_by_channel():
    q = input_quantizer(1.0, mean=[1.0, 2.0], std=[0.5])
    assert q.multiplier == (1 << 30,) * 2 and q.shift == (2, 2)
    assert q.offset == (-2 << 14, -4 << 14)
