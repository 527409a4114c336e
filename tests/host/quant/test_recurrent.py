"""Recurrent layers: their weights are fitted to what they see, and auto may narrow them."""

import numpy as np
import onnx
import pytest
from tinypack.pipeline import load
from tinypack.quant.mixed import narrowing_order
from tinypack.quant.quantizer import quantize_graph

from tests.models import streams

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
