"""Recurrent layers: their weights are fitted to what they see, and auto may narrow them."""

import numpy as np
import onnx
import pytest
from tinypack.pipeline import load, pack
from tinypack.quant.mixed import narrowing_order
from tinypack.quant.quantizer import quantize_graph
from tinypack.samples import Samples

from tests.models import streams
from tests.zoo.builder import Net

STEPS = 12
# dB of the last layer's states with all weights s4; each rounded to the nearest: 20.4, 21.7, 14.5
LEAST = {"GRU": 29.0, "LSTM": 27.0, "RNN": 17.0}


@pytest.fixture
def inputs():
    x = np.random.default_rng(2).normal(0.5, 1, (60, 1, STEPS, streams.INPUTS))
    return [x.astype(np.float32)]


@pytest.fixture(params=LEAST)
def kind(request):
    return request.param


@pytest.fixture
def graph(kind, tmp_path):
    path = tmp_path / "net.onnx"
    onnx.save(streams.windows(kind, STEPS), path)
    return load(path).graph


def test_weights_are_fitted_to_inputs_and_states(kind, graph, inputs):
    *_, last = (node for node in graph.nodes if node.op == kind.lower())
    assert quantize_graph(graph, inputs, "int4").noise[last] > LEAST[kind]


def test_auto_chooses_their_width_as_well(kind, graph, inputs):
    order = narrowing_order(graph, inputs)
    found = {choice.node.op: choice for choice in (*order.layers, *order.dear)}
    assert found[kind.lower()].noise > 0 and found[kind.lower()].weights > 0.3


def joined(kind):
    """The last state beside a second input."""
    n = Net("joined", opset=14)
    x = n.input(STEPS, 1, streams.INPUTS)
    states = n.op("Squeeze", n.recurrent(kind, x, streams.INPUTS, streams.UNITS), n.integers(1))
    last = n.op("Gather", states, n.constant(-1, np.int64), axis=0)
    both = n.op("Concat", last, n.input(1, 3, name="z"), axis=1)
    return n.model(n.dense(both, streams.UNITS + 3, streams.CLASSES))


@pytest.mark.parametrize("precision", ["int8", "auto"])
def test_the_last_state_is_joined_with_another_input(kind, precision, tmp_path):
    path = tmp_path / "joined.onnx"
    onnx.save(joined(kind), path)
    rng = np.random.default_rng(3)
    x, z = (rng.normal(0, 1, (60, *shape)) for shape in ((STEPS, 1, streams.INPUTS), (1, 3)))
    named = {"x": x.astype(np.float32), "z": z.astype(np.float32)}
    samples = Samples(named["x"], named=named)
    packed = pack(path, samples, precision=precision)
    assert packed.accuracy.agreement > 0.9
