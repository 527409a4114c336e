"""Ranges: zero exact, clipping only where it pays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinypack.quant.observe import affine_range, fake_quantize, observe, thinned


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.sampled_from([8, 16]))
def test_range_holds_its_ends_and_zero(a, b, bits):
    low, high = min(a, b), max(a, b)
    scale, zero_point = affine_range(low, high, bits)
    lowest = -(1 << (bits - 1))
    assert lowest <= zero_point < -lowest
    ends = np.array([low, high, 0.0], np.float32)
    back = fake_quantize(ends, scale, zero_point, bits)
    assert np.abs(back - ends).max() <= 1.01 * scale
    assert back[2] == 0.0


def test_relu_outputs_use_every_code():
    assert affine_range(0.0, 255.0) == (1.0, -128)
    assert affine_range(-1.0, 0.0)[1] == 127


def test_constant_zero_has_a_scale():
    scale, zero_point = observe(np.zeros(10, np.float32))
    assert (fake_quantize(np.zeros(1, np.float32), scale, zero_point) == 0).all()


def test_thin_tails_are_clipped_and_a_uniform_range_is_not():
    rng = np.random.default_rng(1)
    uniform = rng.uniform(-1, 1, 5000).astype(np.float32)
    assert observe(uniform)[0] == pytest.approx(2 / 255, rel=0.03)
    normal = rng.normal(0, 1, 50000).astype(np.float32)
    full, _ = affine_range(float(normal.min()), float(normal.max()), bits=4)
    assert observe(normal, bits=4)[0] < 0.8 * full


def _decibels(values, scale, zero_point):
    error = fake_quantize(values, scale, zero_point) - values
    return 10 * np.log10((values**2).mean() / (error**2).mean())


@pytest.mark.parametrize(("count", "least"), [(64, 24.0), (160, 32.0), (250, 28.0)])
def test_few_samples_leave_room_for_those_to_come(count, least):
    rng = np.random.default_rng(3)
    coming = rng.normal(0, 1, 100_000).astype(np.float32)
    for _ in range(8):
        seen = rng.normal(0, 1, count).astype(np.float32)
        assert _decibels(coming, *observe(seen)) > least


@pytest.mark.parametrize("count", [80, 160, 5000])
def test_nothing_comes_beyond_a_bound(count):
    seen = np.clip(np.random.default_rng(4).normal(3, 6, count), 0, 6).astype(np.float32)
    assert observe(seen) == affine_range(0.0, 6.0)


def test_picks_are_of_all_channels():
    values = np.tile(np.arange(16, dtype=np.float32), 4000)
    assert set(thinned(values, 1000)) == set(range(16))
    assert len(thinned(values, 1000)) == 1000
    assert (thinned(values, 1 << 20) == values).all()


def test_clipping_one_end_leaves_the_other():
    rng = np.random.default_rng(1)
    values = np.append(np.maximum(rng.normal(0, 1, 50000), -0.5), -4).astype(np.float32)
    scale, zero_point = observe(values, bits=4)
    assert scale * (-8 - zero_point) > -2
    assert scale * (7 - zero_point) > 2


def test_fake_quantize_is_idempotent():
    values = np.random.default_rng(2).normal(0, 1, 1000).astype(np.float32)
    once = fake_quantize(values, 0.013, -7)
    assert (fake_quantize(once, 0.013, -7) == once).all()
    assert once.min() >= 0.013 * (-128 + 7) - 1e-6


def test_what_a_function_does_not_tell_apart_needs_no_codes():
    """Below -6 a swish is hardly more than 0."""

    def swish(x):
        return x / (1 + np.exp(-x))

    seen = np.random.default_rng(5).normal(-4, 4, 5000).astype(np.float32)
    exact = swish(seen)
    errors = [
        np.mean((swish(fake_quantize(seen, *observe(seen, function=function))) - exact) ** 2)
        for function in (None, swish)
    ]
    assert errors[1] < 0.6 * errors[0]
