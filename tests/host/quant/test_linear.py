"""GPTQ, scales, drift and bias: each against what it must beat or equal."""

import numpy as np
import pytest
from tinypack.quant.gptq import DAMPING, damped, gptq, refine, round_to, weight_scales
from tinypack.quant.linear import LIMITS, Columns, round_linear


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def correlated(rng, groups, samples, taps):
    """Inputs whose taps lean on each other, as neighbouring pixels do."""
    shared = rng.normal(size=(groups, samples, 1))
    return np.maximum(shared + 0.5 * rng.normal(size=(groups, samples, taps)), 0)


def covariance(columns):
    centred = columns - columns.mean(1, keepdims=True)
    return centred.swapaxes(1, 2) @ centred / columns.shape[1]


def output_error(weights, result, columns):
    codes, scale, bias = result
    exact = columns.exact @ weights.swapaxes(1, 2)
    used = (codes * scale[..., None]).swapaxes(1, 2)
    return exact - (columns.actual @ used + bias[:, None])


def test_codes_stay_in_range_and_one_tap_is_plain_rounding(rng):
    weights = rng.normal(size=(2, 5, 1))
    hessian = np.ones((2, 1, 1))
    scale = weight_scales(weights, hessian, 7)
    codes = gptq(weights, scale, hessian, 7)
    assert np.abs(codes).max() <= 7
    assert (codes == round_to(weights, scale, 7)).all()


def test_uncorrelated_columns_are_rounded_one_by_one(rng):
    weights, hessian = rng.normal(size=(1, 4, 6)), np.diag([5.0, 1, 3, 2, 6, 4])[None]
    scale = weight_scales(weights, hessian, 7)
    assert (gptq(weights, scale, hessian, 7) == round_to(weights, scale, 7)).all()


def test_scale_search_is_never_worse_than_the_full_range(rng):
    weights, hessian = rng.standard_t(3, size=(1, 16, 32)), np.eye(32)[None]
    full = np.abs(weights).max(-1) / 7

    def loss(scale):
        return ((weights - scale[..., None] * round_to(weights, scale, 7)) ** 2).sum(-1)

    assert (loss(weight_scales(weights, hessian, 7)) <= loss(full)).all()


@pytest.mark.parametrize("groups", [1, 8])
def test_refinement_only_lowers_the_error_it_looks_at(rng, groups):
    weights = rng.standard_t(3, size=(groups, 16, 9))
    hessian = covariance(correlated(rng, groups, 500, 9))
    scale = weight_scales(weights, hessian, 7)
    codes = gptq(weights, scale, hessian, 7)

    def loss(codes, scale):
        error = weights - codes * scale[..., None]
        return np.einsum("gck,gkl,gcl->gc", error, damped(hessian, DAMPING), error)

    refined, refit = refine(weights, codes, scale, hessian, 7)
    assert np.abs(refined).max() <= 7
    assert (loss(refined, refit) <= loss(codes, scale) * (1 + 1e-6)).all()
    assert loss(refined, refit).sum() < 0.97 * loss(codes, scale).sum()
    assert (refine(weights, codes, scale, hessian, 7, scale)[1] >= np.float32(scale)).all()


@pytest.mark.parametrize("groups", [1, 8])
def test_gptq_beats_rounding_on_correlated_inputs(rng, groups):
    columns = correlated(rng, groups, 4000, 9)
    weights = rng.normal(size=(groups, 16, 9))
    hessian = covariance(columns)
    scale = weight_scales(weights, hessian, 7)

    def error(codes):
        difference = weights - codes * scale[..., None]
        return np.einsum("gck,gkl,gcl->", difference, hessian, difference)

    rounded = error(round_to(weights, scale, 7))
    assert error(gptq(weights, scale, hessian, 7)) < 0.7 * rounded


def test_bias_leaves_no_mean_error(rng):
    exact = correlated(rng, 1, 3000, 12)
    actual = exact + 0.1 + 0.05 * rng.normal(size=exact.shape)
    weights = rng.normal(size=(1, 6, 12))
    for dtype in LIMITS:
        columns = Columns(exact, actual)
        result = round_linear(weights, np.zeros((1, 6)), columns, dtype)
        assert np.abs(output_error(weights, result, columns).mean(1)).max() < 1e-9


def test_narrow_weights_make_good_for_a_drifted_input(rng):
    exact = correlated(rng, 1, 5000, 16)
    actual = exact * rng.uniform(0.7, 0.9, 16)
    weights = rng.normal(size=(1, 8, 16))
    seen = round_linear(weights, np.zeros((1, 8)), Columns(exact, actual), "s4")
    blind = round_linear(weights, np.zeros((1, 8)), Columns(actual, actual), "s4")
    columns = Columns(exact, actual)
    assert (
        output_error(weights, seen, columns).var()
        < 0.5 * output_error(weights, blind, columns).var()
    )


def test_a_constant_input_does_no_harm(rng):
    columns = np.full((1, 100, 4), 2.0)
    weights = rng.normal(size=(1, 3, 4))
    result = round_linear(weights, np.zeros((1, 3)), Columns(columns, columns), "s8")
    assert np.abs(output_error(weights, result, Columns(columns, columns))).max() < 1e-9


def test_zero_weights_stay_zero():
    columns = np.random.default_rng(0).normal(size=(1, 50, 4))
    zeros = np.zeros((1, 2, 4))
    codes, scale, _ = round_linear(zeros, np.ones((1, 2)), Columns(columns, columns), "s4")
    assert not codes.any() and np.isfinite(scale).all()
