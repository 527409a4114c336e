"""lstm: long short-term memory. The gates' rows are those of ONNX: input, output, forget, cell."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, log2
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import FloatArray, Node, Shape, Value
from . import _recurrent as recurrent
from ._build import Builder, constant_input, refuse
from ._layer import Layer, Planes, Quantized
from ._recurrent import GATE, UNIT, StoredGates, Weights
from ._requant import quantize_multiplier

ONNX = ("LSTM",)
# What the kernel can shift the cell by, around the scale of the gates' sums.
_CELL_SHIFTS = (-15, 14)


def legalize(node: Node, build: Builder) -> Value | None:
    recurrent.activations(node, ("Sigmoid", "Tanh", "Tanh"))
    if node.attrs.get("input_forget", 0):
        raise refuse(node, "couples its input and forget gates", "train it without")
    weights = recurrent.source_weights(node, 4, (5, 6))
    recurrent.check_hidden(node, weights)
    if len(node.inputs) > 7 and node.inputs[7] is not None:
        peepholes = constant_input(node, 7, "peepholes").astype(np.float32)
        weights = [
            replace(of_way, peepholes=p.reshape(3, -1))
            for of_way, p in zip(weights, peepholes, strict=True)
        ]
    return recurrent.legalize(node, build, "lstm", weights, stateful=0)


def infer_shape(node: Node) -> Shape:
    return recurrent.output_shape(node)


def float_(node: Node, x: FloatArray) -> FloatArray:
    return recurrent.hidden(node, _computed(node, recurrent.weights_of(node), x))


def _step(weights: Weights, x: FloatArray, states: Sequence[FloatArray]) -> tuple[FloatArray, ...]:
    h, c = states
    inputs = np.split(x @ weights.inputs.T + weights.input_bias, 4, -1)
    i, o, f, g = (inputs[k] + recurrent.of_state(weights, k, h) for k in range(4))
    p: FloatArray = np.zeros((3, 1), np.float32)
    if weights.peepholes is not None:
        p = weights.peepholes
    c = recurrent.sigmoid(f + p[2] * c) * c + recurrent.sigmoid(i + p[0] * c) * np.tanh(g)
    if weights.clip:
        c = np.clip(c, -weights.clip, weights.clip)
    return recurrent.sigmoid(o + p[1] * c) * np.tanh(c), c


def _computed(node: Node, weights: Weights, x: FloatArray) -> FloatArray:
    return recurrent.compute(node, weights, x, _step, 2)


def quantize(layer: Layer) -> Quantized:
    node, x = layer.node, layer.operands[0]
    weights = recurrent.weights_of(node)
    seen = _computed(node, weights, x.exact)
    shift = ceil(log2(recurrent.state_scale(weights, seen, 1) / GATE))
    shift = min(max(shift, _CELL_SHIFTS[0]), _CELL_SHIFTS[1])
    cell = GATE * 2.0**shift
    attrs = {"cell_shift": shift}
    if weights.clip:
        attrs["cell_clip"] = min(round(weights.clip / cell), 1 << 15)
    extra: list[NDArray[Any]] = []
    if weights.peepholes is not None:
        scale = max(float(np.abs(weights.peepholes).max()), 1e-30) / 32767
        multiplier, exponent = quantize_multiplier(scale * cell / GATE)
        attrs |= {"peephole_multiplier": multiplier, "peephole_shift": exponent}
        extra.append(np.rint(weights.peepholes / scale).astype(np.int16))
    return recurrent.quantize(
        layer,
        (UNIT, cell),
        attrs,
        lambda weights, x: _computed(node, weights, x),
        extra=extra,
    )


def stored(node: Node) -> Quantized:
    """As TensorFlow Lite Micro prepares it: products of scales in float32, the rest in doubles."""
    gates: StoredGates = node.attrs["stored"]
    x, y = node.input(0).quant, node.output.quant
    assert x is not None and y is not None
    params = []
    for codes, scales, scale in (
        (gates.inputs, gates.input_scales, x.scale[0]),
        (gates.state, gates.state_scales, gates.hidden.scale[0]),
    ):
        of_gates = [
            quantize_multiplier(float(np.float32(scale) * np.float32(s)) / GATE) for s in scales
        ]
        factors = np.repeat(np.array(of_gates, np.int64), len(codes) // 4, 0)
        offsets = np.zeros(len(codes), np.int64)
        if codes is gates.inputs:
            offsets = gates.bias.astype(np.int64) - x.zero_point[0] * codes.sum(1).astype(np.int64)
        params.append(np.column_stack([offsets, factors]))
    multiplier, shift = quantize_multiplier(UNIT * UNIT / gates.hidden.scale[0])
    zero_point = gates.hidden.zero_point[0]
    clip = recurrent.weights_of(node).clip
    attrs = {
        "cell_shift": round(log2(gates.cell / GATE)),
        "cell_clip": min(int(clip / gates.cell), (1 << 15) - 1) if clip else 1 << 15,
        "hidden_multiplier": multiplier,
        "hidden_shift": shift,
        "hidden_min": -128 - zero_point,
        "hidden_max": 127 - zero_point,
    }
    planes = (Planes(codes.astype(np.int8), "s8") for codes in (gates.inputs, gates.state))
    sums = np.concatenate(params).astype(np.int32)
    return Quantized(
        attrs,
        y,
        np.empty(0, np.float32),
        stored=(*planes, sums, recurrent.sigmoid_table()),
        state=recurrent.state_of(node, 2),
    )
