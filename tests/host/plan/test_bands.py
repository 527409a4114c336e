"""Nodes in bands of rows: less memory, the same numbers, and refused where it cannot be."""

import json
import math

import numpy as np
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tinyinfer import Model
from tinypack import cli, demo
from tinypack.pipeline import load, quantize
from tinypack.plan import apply_plan, least_plan, plan_memory, plan_within
from tinypack.plan.bands import banded, region
from tinypack.plan.views import without_copies

from tests.zoo import report

from . import graphs, poison, tagged_arena
from .test_memory import networks


def outputs(model, plan):
    planned = apply_plan(model, plan)
    return poison.run(planned, np.ones((len(model.nodes) + 1, planned.arena_bytes), bool))[1]


def regions(model):
    nodes = range(len(model.nodes))
    return [found for i in nodes for j in nodes[i:] if (found := region(model, i, j))]


def compare(model):
    """Every region in some numbers of bands gives what the model gives."""
    expected = outputs(*least_plan(model))
    found = regions(model)
    assert found
    for number, where in enumerate(found):
        height = model.tensors[where.output].shape[1]
        count = min((2, 3, height)[number % 3], height)
        split = banded(model, where, count)
        assert split is not None
        shorter = without_copies(split.model)
        plan = plan_memory(shorter, 10)
        assert outputs(shorter, plan) == expected
        poison.check(apply_plan(shorter, plan))


@pytest.mark.parametrize("precision", ["int8", "int4", "int16"])
def test_bundled_model(precision):
    compare(quantize(load(demo.MODEL), precision=precision))


@pytest.mark.parametrize("name", ["lenet", "res8", "ds_cnn"])
def test_architecture(name, tmp_path):
    onnx.save(report.built(name), tmp_path / "net.onnx")
    compare(quantize(load(tmp_path / "net.onnx")))


@settings(deadline=None, max_examples=60)
@given(networks(), st.data())
def test_any_plan_keeps_what_a_band_still_reads(model, data):
    found = regions(model)
    assume(found)
    where = data.draw(st.sampled_from(found))
    count = data.draw(st.integers(1, model.tensors[where.output].shape[1]))
    split = banded(model, where, count)
    assume(split is not None)
    shorter = without_copies(split.model)
    plan = plan_memory(shorter, 20)
    assert plan.lower_bound <= plan.arena_bytes
    tagged_arena.run(apply_plan(shorter, plan))


@pytest.mark.parametrize(("limit", "extra"), [(29_000, 0.012), (24_000, 0.28)])
def test_image_classifier_fits_less_memory(limit, extra):
    model = graphs.ic()
    assert least_plan(model)[1].arena_bytes > 35_000
    fitted = plan_within(model, limit)
    assert fitted.plan.arena_bytes <= limit
    assert 0 < fitted.extra_macs <= extra * 12_501_632
    tagged_arena.run(apply_plan(fitted.model, fitted.plan))


def test_counts_between_the_usual_ones_are_tried():
    net = graphs.Chain(1, 28, 28, 1)
    x = net.max_pool(net.conv(0, 6, 5), 2, 2)
    x = net.max_pool(net.conv(x, 16, 5), 2, 2)
    flat = net.reshape(x, 1, math.prod(net.tensors[x].shape))
    fitted = plan_within(net.model(net.dense(flat, 10)), 0)
    # With the usual ones alone it is 3 616.
    assert fitted.plan.arena_bytes <= 3472
    tagged_arena.run(apply_plan(fitted.model, fitted.plan))


def test_an_image_is_nearly_all_there_is_left():
    # The image has 27 648 bytes, and the first layer needs 600 more to write over it.
    model = graphs.vww()
    split = banded(model, region(model, 1, 3), 8)
    plan = plan_memory(without_copies(split.model))
    assert plan.arena_bytes <= 28_300
    assert least_plan(model)[1].arena_bytes > 38_000


def test_a_limit_that_is_kept_changes_nothing():
    model = graphs.kws()
    plain, plan = least_plan(model)
    fitted = plan_within(model, plan.arena_bytes)
    assert (fitted.model, fitted.plan, fitted.extra_macs) == (plain, plan, 0)


def test_pack_keeps_to_max_ram(tmp_path, capsys):
    files = []
    for limit in ((), ("--max-ram", "1800")):
        out = tmp_path / "digits.tinf"
        arguments = ["pack", demo.MODEL, "--calib", demo.SAMPLES, *limit, "-o", out]
        assert cli.main([str(a) for a in (*arguments, "--json")]) == 0
        result = json.loads(capsys.readouterr().out)
        files.append((result, Model(out.read_bytes())))
    (plain, whole), (less, bands) = files
    assert less["arena_bytes"] <= 1800 < plain["arena_bytes"]
    assert less["macs"] - plain["macs"] == less["macs_twice"]
    assert all(less[key] == plain[key] for key in ("params", "weight_bytes", "constant_bytes"))
    assert less["accuracy"] == plain["accuracy"] and bands.test()
    image = np.random.default_rng(0).normal(size=64).astype(np.float32)
    whole.run(image)
    bands.run(image)
    assert list(whole.output()) == list(bands.output())
