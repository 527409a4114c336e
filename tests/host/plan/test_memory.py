"""Plans: correct on any graph, and as small as the goals for the known networks."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinypack.plan import apply_plan, plan_memory
from tinypack.plan.lifetime import scratch_by_family, tensor_bytes

from . import graphs, tagged_arena


@pytest.mark.parametrize(
    ("name", "goal"), [("kws", 9600), ("ic", 36500), ("vww", 38500), ("autoencoder", 2100)]
)
def test_arena_of_known_networks(name, goal):
    model = getattr(graphs, name)()
    plan = plan_memory(model)
    assert plan.lower_bound <= plan.arena_bytes <= goal
    tagged_arena.run(apply_plan(model, plan))


def test_equal_models_get_equal_plans():
    assert plan_memory(graphs.kws()) == plan_memory(graphs.kws())


def test_reshape_costs_nothing():
    net = graphs.Chain(1, 4, 4, 4)
    y = net.reshape(net.conv(0, 8, 3), 1, 128)
    model = net.model(y)
    planned = apply_plan(model, plan_memory(model))
    assert planned.tensors[y].offset == planned.tensors[model.nodes[0].outputs[0]].offset


def test_a_tensor_with_a_later_reader_is_not_overwritten():
    net = graphs.Chain(1, 4, 4, 4)
    x = net.conv(0, 4, 1)
    net.add(x, net.conv(x, 4, 1))
    model = net.model(len(net.tensors) - 1)
    tagged_arena.run(apply_plan(model, plan_memory(model)))


def test_scratch_lies_apart_from_what_lives():
    model = graphs.ic()
    planned = apply_plan(model, plan_memory(model))
    for node in planned.nodes:
        size = max(scratch_by_family(planned, node).values())
        assert (node.scratch >= 0) == (size > 0)
        if not size:
            continue
        assert node.scratch % 4 == 0 and node.scratch + size <= planned.arena_bytes
        for i in (*node.inputs, *node.outputs):
            tensor = planned.tensors[i]
            if tensor.data is None:
                end = tensor.offset + tensor_bytes(tensor)
                assert node.scratch + size <= tensor.offset or end <= node.scratch


KINDS = ("conv", "depthwise", "pad", "add", "skip")


@st.composite
def networks(draw):
    """Convolutions, pads, residual sums and reshapes, drawn."""
    net = graphs.Chain(
        1, draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 4))
    )
    x, alive = 0, [0]
    for kind in draw(st.lists(st.sampled_from(KINDS), max_size=8)):
        if kind == "conv":
            x = net.conv(
                x, draw(st.integers(1, 6)), draw(st.integers(1, 3)), draw(st.integers(1, 2))
            )
        elif kind == "depthwise":
            x = net.depthwise(x)
        elif kind == "pad":
            border = st.tuples(st.just(0), *[st.integers(0, 2)] * 3)
            x = net.pad(x, draw(border), draw(border))
        elif kind == "skip":
            x = draw(st.sampled_from(alive))
        else:
            same = [i for i in alive if net.tensors[i].shape == net.tensors[x].shape]
            x = net.add(x, draw(st.sampled_from(same)))
        alive.append(x)
    return net.model(net.dense(net.reshape(x, 1, _count(net.tensors[x].shape)), 3))


def _count(shape):
    return shape[0] * shape[1] * shape[2] * shape[3]


@settings(deadline=None)
@given(networks())
def test_any_plan_keeps_every_value_until_it_is_read(model):
    plan = plan_memory(model)
    assert plan.lower_bound <= plan.arena_bytes
    planned = apply_plan(model, plan)
    assert all(t.offset % 4 == 0 for t in planned.tensors if t.data is None)
    tagged_arena.run(planned)


def test_tagged_arena_notices_a_wrong_plan():
    model = graphs.kws()
    planned = apply_plan(model, plan_memory(model))
    moved = [replace(t, offset=0) if t.data is None else t for t in planned.tensors]
    with pytest.raises(AssertionError, match="overwritten"):
        tagged_arena.run(replace(planned, tensors=tuple(moved)))
