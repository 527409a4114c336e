"""rnn: simple recurrent layer, tanh or relu."""

from collections.abc import Sequence

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from . import _recurrent as recurrent
from ._build import Builder
from ._layer import Layer, Quantized
from ._recurrent import GATE, UNIT, Weights

ONNX = ("RNN",)


def legalize(node: Node, build: Builder) -> Value | None:
    relu = recurrent.activations(node, ("Tanh",), ("Relu",)) == ("Relu",)
    weights = recurrent.source_weights(node, 1, (5,))
    if not relu:
        recurrent.check_hidden(node, weights)
    return recurrent.legalize(node, build, "rnn", weights, relu=int(relu), stateful=0)


def infer_shape(node: Node) -> Shape:
    return recurrent.output_shape(node)


def float_(node: Node, x: FloatArray) -> FloatArray:
    return recurrent.hidden(node, _computed(node, recurrent.weights_of(node), x))


def _computed(node: Node, weights: Weights, x: FloatArray) -> FloatArray:
    relu = node.attrs["relu"]

    def step(
        weights: Weights, x: FloatArray, states: Sequence[FloatArray]
    ) -> tuple[FloatArray, ...]:
        total = x @ weights.inputs.T + weights.input_bias
        total = total + recurrent.of_state(weights, 0, states[0])
        return (np.maximum(total, 0) if relu else np.tanh(total),)

    return recurrent.compute(node, weights, x, step)


def quantize(layer: Layer) -> Quantized:
    node, x = layer.node, layer.operands[0]
    scale, sums = UNIT, GATE
    if node.attrs["relu"]:
        seen = _computed(node, recurrent.weights_of(node), x.exact)
        scale = sums = recurrent.state_scale(recurrent.weights_of(node), seen, 0)
    return recurrent.quantize(
        layer,
        (scale,),
        {},
        lambda weights, x: _computed(node, weights, x),
        sums,
    )
