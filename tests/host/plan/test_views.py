"""Concats and slices that lie in place: nothing is copied, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinyinfer.engine.batch import Batch
from tinypack.execute import backend
from tinypack.model_file import write_model
from tinypack.plan import apply_plan, least_plan, plan_memory
from tinypack.plan.views import without_copies

from . import graphs, tagged_arena

_tinyinfer = pytest.importorskip("_tinyinfer")


def computed(model):
    """What the C engine gives for a random input, its arena full of rubbish."""
    planned = apply_plan(model, plan_memory(model))
    tagged_arena.run(planned)
    file = write_model(planned)
    arena = np.random.default_rng(0).integers(0, 256, planned.arena_bytes, np.uint8)
    engine = _tinyinfer.Engine(file, memoryview(arena))
    x = np.random.default_rng(1).integers(-128, 128, len(engine.input(0)), np.int8)
    engine.input(0)[:] = memoryview(x)
    engine.run()
    outputs = [bytes(engine.output(i)) for i in range(len(model.outputs))]
    for y, expected in zip(Batch(file).run(x[None]), outputs, strict=True):
        assert y.tobytes() == expected
    return outputs


def ops(model):
    return [node.op for node in model.nodes]


def test_parts_are_made_where_they_are_joined():
    net = graphs.Chain(1, 4, 4, 4)
    parts = [net.clamp(0), net.clamp(net.clamp(0))]
    y = net.concat(*parts, axis=1)
    model = net.model(net.clamp(y))
    shorter, plan = least_plan(model)
    assert ops(shorter) == ["quantize"] * 4
    planned = apply_plan(shorter, plan)
    first, second, whole = (planned.tensors[i].offset for i in (*parts, y))
    assert (first, second) == (whole, whole + 64)
    assert plan.arena_bytes < plan_memory(model).arena_bytes
    assert computed(shorter) == computed(model)


def test_a_slice_is_part_of_its_input():
    net = graphs.Chain(1, 6, 4)
    halves = [net.slice(net.clamp(0), 1, begin, 3) for begin in (0, 3)]
    model = net.model(net.add(*map(net.clamp, halves)))
    shorter = without_copies(model)
    # The one node that both slices read is there twice.
    assert ops(shorter) == ["quantize"] * 4 + ["add"]
    assert computed(shorter) == computed(model)


def test_what_lies_between_others_is_copied():
    net = graphs.Chain(1, 4, 6, 2)
    x = net.clamp(0)
    model = net.model(net.concat(net.slice(x, 2, 1, 3), x, axis=2))
    assert without_copies(model) is model


def test_an_unaligned_part_is_copied():
    net = graphs.Chain(1, 3, 3)
    x = net.clamp(0)
    model = net.model(net.concat(net.slice(x, 1, 1, 2), net.clamp(x), axis=1))
    assert without_copies(model) is model


@pytest.mark.parametrize("order", [(0, 0), (0, 1, 0), (1, 0)])
def test_a_tensor_has_one_place(order):
    """Twice in a concat, or in two of them at odds."""
    net = graphs.Chain(1, 4, 4)
    parts = [net.clamp(0), net.clamp(0)]
    first = net.concat(*parts, axis=1)
    second = net.concat(*(parts[i] for i in order), axis=1)
    model = net.model(net.clamp(net.concat(first, second, axis=1)))
    shorter = without_copies(model)
    assert len(shorter.nodes) < len(model.nodes) and "concat" in ops(shorter)
    assert computed(shorter) == computed(model)


@st.composite
def networks(draw):
    """Operators that copy, among some that compute."""
    net = graphs.Chain(1, draw(st.integers(2, 6)), draw(st.sampled_from([2, 4])))
    alive = [net.clamp(0)]
    kinds = st.sampled_from(["clamp", "add", "concat", "concat", "slice", "slice", "reshape"])
    for kind in draw(st.lists(kinds, min_size=2, max_size=12)):
        x = draw(st.sampled_from(alive))
        shape = net.tensors[x].shape
        if kind == "clamp":
            x = net.clamp(x)
        elif kind == "add":
            same = [i for i in alive if net.tensors[i].shape == shape]
            x = net.add(x, draw(st.sampled_from(same)))
        elif kind == "concat":
            fit = [i for i in alive if net.tensors[i].shape[2:] == shape[2:]]
            x = net.concat(
                x, *draw(st.lists(st.sampled_from(fit), min_size=1, max_size=3)), axis=1
            )
        elif kind == "slice":
            begin = draw(st.integers(0, shape[1] - 1))
            x = net.slice(x, 1, begin, draw(st.integers(1, shape[1] - begin)))
        else:
            x = net.reshape(x, 1, shape[1] * shape[2] // 2, 2)
        alive.append(x)
    outputs = draw(st.lists(st.sampled_from(alive), min_size=1, max_size=3, unique=True))
    return replace(net.model(outputs[0]), outputs=tuple(outputs))


@settings(deadline=None, max_examples=150)
@given(networks())
def test_any_network_computes_the_same(model):
    assert backend() == "cpython"
    assert computed(without_copies(model)) == computed(model)
