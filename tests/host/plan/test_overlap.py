"""The least lead: safe at that distance, and not safe one step below it."""

from dataclasses import replace
from math import prod

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tinypack.model_file import ModelSpec, NodeSpec, TensorSpec
from tinypack.plan.overlap import Lead, leads

from . import tagged_arena


def window_model(op, x_shape, kernel, stride, pad, dilation, channels):
    """One node, output as large as window arithmetic makes it; None if empty."""
    sizes = [
        (size + 2 * p - d * (k - 1) - 1) // s + 1
        for size, k, s, p, d in zip(x_shape[1:3], kernel, stride, pad, dilation, strict=True)
    ]
    if min(sizes) < 1:
        return None
    pool = op.endswith("pool_2d")
    attrs = {"stride_h": stride[0], "stride_w": stride[1], "pad_top": pad[0], "pad_left": pad[1]}
    if pool:
        attrs |= {"kernel_h": kernel[0], "kernel_w": kernel[1]}
    else:
        attrs |= {"dilation_h": dilation[0], "dilation_w": dilation[1]}
    if op != "conv_2d":
        channels = x_shape[3]
    depth = x_shape[3] if op == "conv_2d" else 1
    return ModelSpec(
        tensors=(
            TensorSpec(x_shape, "s8"),
            TensorSpec((channels, *kernel, depth), "s8", data=b""),
            TensorSpec((x_shape[0], *sizes, channels), "s8"),
        ),
        nodes=(NodeSpec(op, (0,) if pool else (0, 1), (2,), attrs),),
        inputs=(0,),
        outputs=(2,),
        arena_bytes=1 << 16,
    )


def at_lead(model, lead):
    x, k, y = model.tensors
    base = 1 << 12
    return replace(model, tensors=(replace(x, offset=base + lead), k, replace(y, offset=base)))


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@given(
    op=st.sampled_from(["conv_2d", "depthwise_conv_2d", "max_pool_2d", "average_pool_2d"]),
    n=st.integers(1, 3),
    h=st.integers(1, 6),
    w=st.integers(1, 6),
    c=st.integers(1, 4),
    channels=st.integers(1, 5),
    kernel=pairs,
    stride=pairs,
    dilation=pairs,
    pad=st.tuples(st.integers(0, 2), st.integers(0, 2)),
)
def test_window_lead_is_safe_and_tight(op, n, h, w, c, channels, kernel, stride, dilation, pad):
    if op.endswith("pool_2d"):
        dilation = (1, 1)
    assume(
        pad[0] < (kernel[0] - 1) * dilation[0] + 1 and pad[1] < (kernel[1] - 1) * dilation[1] + 1
    )
    model = window_model(op, (n, h, w, c), kernel, stride, pad, dilation, channels)
    assume(model)
    node = model.nodes[0]
    attrs = {"dilation_h": 1, "dilation_w": 1} | dict(node.attrs)
    lead = leads(op, attrs, [model.tensors[i] for i in node.inputs], model.tensors[2])[0]
    assert lead.least % lead.step == 0 and lead.step % 4 == 0
    tagged_arena.run(at_lead(model, lead.least))
    tagged_arena.run(at_lead(model, lead.least + lead.step))
    # padded taps that a dilation moves into the input leave bytes that no pixel reads
    exact = all(p == 0 or d == 1 for p, d in zip(pad, dilation, strict=True))
    if lead.least > 0 and exact:
        with pytest.raises(AssertionError, match="overwritten"):
            tagged_arena.run(at_lead(model, lead.least - lead.step))


@given(
    shape=st.tuples(*[st.integers(1, 4)] * 4),
    before=st.tuples(*[st.integers(0, 3)] * 4),
    after=st.tuples(*[st.integers(0, 3)] * 4),
)
def test_a_pad_lies_over_what_it_pads(shape, before, after):
    padded = tuple(sum(sizes) for sizes in zip(before, shape, after, strict=True))
    attrs = {f"before_{axis}": size for axis, size in zip("nhwc", before, strict=True)}
    x, y = TensorSpec(shape, "s8"), TensorSpec(padded, "s8")
    none = TensorSpec((1,), "s8", data=b"")
    model = ModelSpec((x, none, y), (NodeSpec("pad", (0,), (2,), attrs),), (0,), (2,), 1 << 14)
    lead = leads("pad", attrs, [x], y)[0]
    assert prod(padded) <= lead.least + prod(shape) < prod(padded) + 4
    tagged_arena.run(at_lead(model, lead.least))
    tagged_arena.run(at_lead(model, lead.least + 4))
    # No less where the last pixel of the input is the last of the output.
    if any(before) and not any(after) and not before[3]:
        with pytest.raises(AssertionError, match="overwritten"):
            tagged_arena.run(at_lead(model, lead.least - 4))


def test_depthwise_of_a_keyword_model_lags_one_padded_row():
    model = window_model("depthwise_conv_2d", (1, 25, 5, 64), (3, 3), (1, 1), (1, 1), (1, 1), 64)
    node = model.nodes[0]
    assert leads(node.op, node.attrs, model.tensors[:2], model.tensors[2]) == {0: Lead(384, 64)}


def test_elementwise_operators_run_in_place_unless_broadcast():
    x, k = TensorSpec((1, 4, 4, 2), "s8"), TensorSpec((1, 1, 1, 2), "s8")
    assert leads("add", {}, [x, x], x) == {0: Lead(0, 4), 1: Lead(0, 4)}
    assert leads("add", {}, [x, k], x) == {0: Lead(0, 4)}
    assert leads("quantize", {}, [x], replace(x, dtype="s16")) == {}


def test_fully_connected_shares_nothing():
    x = TensorSpec((1, 8), "s8")
    assert leads("fully_connected", {}, [x], x) == {}
