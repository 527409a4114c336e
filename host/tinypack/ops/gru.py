"""gru: gated recurrent unit. The gates' rows are those of ONNX: update, reset, candidate."""

from collections.abc import Sequence

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from . import _recurrent as recurrent
from ._build import Builder
from ._layer import Layer, Quantized
from ._recurrent import UNIT, Weights

ONNX = ("GRU",)


def legalize(node: Node, build: Builder) -> Value | None:
    recurrent.activations(node, ("Sigmoid", "Tanh"))
    weights = recurrent.source_weights(node, 3, (5,))
    recurrent.check_hidden(node, weights)
    linear = int(bool(node.attrs.get("linear_before_reset", 0)))
    return recurrent.legalize(node, build, "gru", weights, linear_before_reset=linear, stateful=0)


def infer_shape(node: Node) -> Shape:
    return recurrent.output_shape(node)


def float_(node: Node, x: FloatArray) -> FloatArray:
    return recurrent.hidden(node, _computed(node, recurrent.weights_of(node), x))


def _computed(node: Node, weights: Weights, x: FloatArray) -> FloatArray:
    linear = node.attrs["linear_before_reset"]

    def step(
        weights: Weights, x: FloatArray, states: Sequence[FloatArray]
    ) -> tuple[FloatArray, ...]:
        (h,) = states
        inputs = np.split(x @ weights.inputs.T + weights.input_bias, 3, -1)
        z, reset = (
            recurrent.sigmoid(inputs[gate] + recurrent.of_state(weights, gate, h))
            for gate in (0, 1)
        )
        if linear:
            state = reset * recurrent.of_state(weights, 2, h)
        else:
            state = recurrent.of_state(weights, 2, reset * h)
        n = np.tanh(inputs[2] + state)
        return (n + z * (h - n),)

    return recurrent.compute(node, weights, x, step)


def quantize(layer: Layer) -> Quantized:
    return recurrent.quantize(
        layer, (UNIT,), {}, lambda weights, x: _computed(layer.node, weights, x)
    )
