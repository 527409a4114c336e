"""Both engines and the planner draw the line of SPEC.md, "Overlap", at the same byte."""

from dataclasses import replace
from math import prod

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tinyinfer import engine as python_engine
from tinypack.model_file import ModelSpec, NodeSpec, TensorSpec, write_model
from tinypack.model_file.layout import layout_of
from tinypack.plan import apply_plan, plan_memory
from tinypack.plan.overlap import leads

PLACE = 1 << 14  # of y: far above the scratch, far below the arena's end

pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))


def _model(op, n, size, c, oc, kernel, stride, dilation, pad) -> ModelSpec:
    out = [
        (size[i] + 2 * pad[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in (0, 1)
    ]
    assume(min(out) >= 1)
    assume(all((out[i] - 1) * stride[i] - pad[i] < size[i] for i in (0, 1)))
    attrs = {"stride_h": stride[0], "stride_w": stride[1], "pad_top": pad[0], "pad_left": pad[1]}
    tensors = [TensorSpec((n, *size, c), "s8"), TensorSpec((n, *out, oc), "s8")]
    if op.endswith("pool_2d"):
        attrs |= {"kernel_h": kernel[0], "kernel_w": kernel[1]}
        return ModelSpec(tuple(tensors), (NodeSpec(op, (0,), (1,), attrs),), (0,), (1,), 0)
    attrs |= {"dilation_h": dilation[0], "dilation_w": dilation[1]}
    depth = c if op == "conv_2d" else 1
    # zeros that are long enough for any layout
    rows, taps = layout_of(op, "s8").channels + oc, prod(kernel) * depth
    tensors.append(TensorSpec((oc, *kernel, depth), "s8", data=bytes(rows * (taps + 4))))
    tensors.append(TensorSpec((oc, 3), "s32", data=bytes(12 * rows)))
    return ModelSpec(tuple(tensors), (NodeSpec(op, (0, 2, 3), (1,), attrs),), (0,), (1,), 0)


def _opens(engine, model: ModelSpec, lead: int) -> bool:
    x, y, *constants = model.tensors
    placed = (replace(x, offset=PLACE + lead), replace(y, offset=PLACE), *constants)
    file = write_model(replace(model, tensors=placed, arena_bytes=1 << 17))
    verdicts = {_verdict(module, file) for module in (engine, python_engine)}
    assert verdicts in ({""}, {"node 0: memory overlaps"})
    return verdicts == {""}


def _verdict(module, file: bytes) -> str:
    try:
        module.needs(file)
    except ValueError as error:
        return str(error)
    return ""


@given(
    op=st.sampled_from(["conv_2d", "depthwise_conv_2d", "max_pool_2d", "average_pool_2d"]),
    n=st.integers(1, 3),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    c=st.integers(1, 5),
    oc=st.integers(1, 6),
    kernel=pairs,
    stride=pairs,
    dilation=pairs,
    data=st.data(),
)
def test_least_lead(op, n, size, c, oc, kernel, stride, dilation, data) -> None:
    engine = pytest.importorskip("_tinyinfer")
    if op.endswith("pool_2d"):
        dilation = (1, 1)
    pad = [data.draw(st.integers(0, (kernel[i] - 1) * dilation[i])) for i in (0, 1)]
    oc = oc if op == "conv_2d" else c
    model = apply_plan(
        base := _model(op, n, size, c, oc, kernel, stride, dilation, pad), plan_memory(base)
    )
    node = model.nodes[0]
    inputs = [model.tensors[i] for i in node.inputs]
    attrs = {"dilation_h": 1, "dilation_w": 1} | dict(node.attrs)
    lead = leads(op, attrs, inputs, model.tensors[1])[0]
    model = replace(model, nodes=(replace(node, scratch=0),))
    x_bytes, y_bytes = prod(model.tensors[0].shape), prod(model.tensors[1].shape)
    assert _opens(engine, model, lead.least)
    assert _opens(engine, model, lead.least + lead.step)
    for closer in (lead.least - 4, lead.least - lead.step):
        apart = closer <= -x_bytes or closer >= y_bytes
        assert _opens(engine, model, closer) == apart


@given(
    shape=st.tuples(*[st.integers(1, 5)] * 4),
    before=st.tuples(*[st.integers(0, 3)] * 4),
    after=st.tuples(*[st.integers(0, 3)] * 4),
    dtype=st.sampled_from(["s8", "s16"]),
)
def test_least_lead_of_a_pad(shape, before, after, dtype) -> None:
    engine = pytest.importorskip("_tinyinfer")
    padded = tuple(sum(sizes) for sizes in zip(before, shape, after, strict=True))
    attrs = {f"before_{axis}": size for axis, size in zip("nhwc", before, strict=True)}
    tensors = TensorSpec(shape, dtype), TensorSpec(padded, dtype)
    model = ModelSpec(tensors, (NodeSpec("pad", (0,), (1,), attrs),), (0,), (1,), 0)
    lead = leads("pad", attrs, tensors[:1], tensors[1])[0]
    assert _opens(engine, model, lead.least)
    assert lead.least == 0 or not _opens(engine, model, lead.least - 4)
