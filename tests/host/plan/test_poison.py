"""Poisoned memory: no kernel reads what is dead or writes outside of its output and scratch.

The architectures of tests/zoo are checked where they are packed.
"""

from dataclasses import replace

import pytest
from tinypack import demo
from tinypack.pipeline import load, quantize
from tinypack.plan import apply_plan, least_plan
from tinypack.plan.lifetime import tensor_bytes

from . import graphs, poison

PRECISIONS = ("int8", "int4", "int16")
SHARED = (
    "cifar_mbv2",
    "diabetes_mlp",
    "har_conv1d",
    "har_gru",
    "hello_world",
    "ic",
    "iris_mlp",
    "kws",
    "magicwand_cnn",
    "wand_cnn",
    "wine_mlp",
)


def planned(path, precision):
    return apply_plan(*least_plan(quantize(load(path), precision=precision)))


@pytest.mark.parametrize("precision", PRECISIONS)
def test_bundled_model(precision):
    poison.check(planned(demo.MODEL, precision))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", SHARED)
def test_shared_model(shared_models, name, precision):
    poison.check(planned(shared_models / f"models/{name}.onnx", precision))


@pytest.mark.parametrize("dtype", ["s8", "s16"])
def test_pads(dtype):
    """On every axis, over what they pad."""
    net = graphs.Chain(1, 3, 5, 2)
    x = net.pad(0, (0, 1, 2, 1), (0, 2, 1, 0))
    x = net.max_pool(net.pad(x, (1, 0, 1, 3), (1, 1, 1, 1)), 2, 1)
    x = net.pad(x, (0, 2, 0, 0), (0, 0, 3, 0))
    model = net.model(x)
    tensors = tuple(replace(tensor, dtype=dtype) for tensor in model.tensors)
    model = apply_plan(*least_plan(replace(model, tensors=tensors)))
    padded, pooled = model.nodes[-1].outputs[0], model.nodes[-1].inputs[0]
    apart = tensor_bytes(model.tensors[padded]) + tensor_bytes(model.tensors[pooled])
    assert model.arena_bytes < 0.8 * apart
    poison.check(model)


def test_noise_in_a_byte_that_is_read_shows():
    model = planned(demo.MODEL, "int8")
    live = poison.live_bytes(model)
    read = live[1].nonzero()[0]
    without = live.copy()
    without[1, read] = False
    assert poison.run(model, without, seed=1) != poison.run(model, live, seed=1)
