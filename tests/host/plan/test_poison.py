"""Poisoned memory: no kernel reads what is dead or writes outside of its output and scratch.

The architectures of tests/zoo are checked where they are packed.
"""

import pytest
from tinypack import demo
from tinypack.pipeline import load, quantize
from tinypack.plan import apply_plan, least_plan

from . import poison

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


def test_noise_in_a_byte_that_is_read_shows():
    model = planned(demo.MODEL, "int8")
    live = poison.live_bytes(model)
    read = live[1].nonzero()[0]
    without = live.copy()
    without[1, read] = False
    assert poison.run(model, without, seed=1) != poison.run(model, live, seed=1)
