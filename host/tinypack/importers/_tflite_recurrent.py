"""Recurrent operators of TensorFlow Lite, whose state is kept between runs."""

import numpy as np

from ..ir import FloatArray, Node, Value
from ..ops._recurrent import StoredGates, Weights
from ..ops.svdf import Filters, StoredFilters
from ._tflite_images import Operator

_TANH = 4
# From the gates' order of ONNX to inputs of the operator: weights, recurrent weights, biases.
_GATES = (0, 3, 1, 2)
_INPUT, _STATE, _BIAS = 1, 5, 12
_VARIANTS = {9: "peepholes", 16: "a projection", 20: "a normalized layer"}
_HIDDEN, _CELL = 18, 19
_MEMORY = 4


def lstm(what: Operator) -> None:
    options = "UnidirectionalSequenceLSTMOptions"
    for first, name in _VARIANTS.items():
        if any(
            value is not None for value in what.inputs[first : first + (2 if first == 16 else 3)]
        ):
            raise what.refuse(f"has {name}", "use a plain LSTM layer")
    if what.inputs[_INPUT] is None:
        raise what.refuse("couples its input and forget gates", "use a plain LSTM layer")
    if what.option(options, "FusedActivationFunction") != _TANH:
        raise what.refuse("has another activation than tanh", "use a plain LSTM layer")
    x = what.input(0)
    batch, steps, size = x.shape
    if what.option(options, "TimeMajor"):
        batch, steps = steps, batch
    elif batch != 1:
        raise what.refuse(f"takes {batch} sequences at once", "convert it for one")
    if not (batch == 1 and x.shape == (1, 1, size)):
        turned = Value(what.graph.fresh_name(f"{what.name}/steps"), (steps, batch, size))
        turned.quant = x.quant
        x = what.graph.insert(Node("reshape", [x], [turned], {}, what.name)).output
    what.add(
        "lstm",
        x,
        weights=_weights(what, float(what.option(options, "CellClip"))),
        stored=_stored(what) if x.quant is not None else None,
        last=0,
        stateful=1,
    )


def _gates(what: Operator, first: int) -> list[Value]:
    found = [what.input(first + gate) for gate in _GATES]
    for value in found:
        if not value.is_constant:
            raise what.refuse("takes its weights at run time", "convert with constant weights")
    return found


def _weights(what: Operator, clip: float) -> Weights:
    inputs, state, bias = (
        np.concatenate([value.data for value in _gates(what, first)]).astype(np.float32)
        for first in (_INPUT, _STATE, _BIAS)
    )
    return Weights(inputs, state, bias, np.zeros_like(bias), clip=clip)


def _stored(what: Operator) -> StoredGates:
    hidden, cell = what.input(_HIDDEN).quant, what.input(_CELL).quant
    scales = [[v.quant.scale[0] for v in _gates(what, f) if v.quant] for f in (_INPUT, _STATE)]
    if hidden is None or cell is None or any(len(of_gates) != 4 for of_gates in scales):
        raise what.refuse("has weights or states without a scale", "convert all of it to int8")
    codes = [
        np.concatenate([_codes(value) for value in _gates(what, first)])
        for first in (_INPUT, _STATE, _BIAS)
    ]
    return StoredGates(codes[0], codes[1], codes[2], scales[0], scales[1], hidden, cell.scale[0])


def _codes(value: Value) -> FloatArray:
    if value.quant is None:
        return value.data
    codes: FloatArray = np.rint(value.data / value.quant.scale[0])
    return codes


def svdf(what: Operator) -> None:
    x, weights, time = (what.input(i) for i in range(3))
    rank = what.option("SVDFOptions", "Rank")
    if not (weights.is_constant and time.is_constant):
        raise what.refuse("takes its weights at run time", "convert with constant weights")
    if rank < 1 or len(weights.data) % rank or x.rank != 2:
        raise what.refuse(f"has {len(weights.data)} filters of rank {rank}", "convert it anew")
    bias = what.bias(3, len(weights.data) // rank)
    # Integers are clamped to their type and nothing else, as TensorFlow Lite Micro does it.
    bounds = {}
    if x.quant is None:
        bounds = what.bounds(what.option("SVDFOptions", "FusedActivationFunction"))
    arrays = (value.data.astype(np.float32) for value in (weights, time, bias))
    stored = _stored_filters(what, bias) if x.quant is not None else None
    what.add("svdf", x, filters=Filters(*arrays), stored=stored, **bounds)


def _stored_filters(what: Operator, bias: Value) -> StoredFilters:
    weights, time, state = (what.input(i) for i in (1, 2, _MEMORY))
    if weights.quant is None or time.quant is None or state.quant is None:
        raise what.refuse("has weights or states without a scale", "convert all of it to int8")
    given = (weights.quant, time.quant)
    if any(quant.axis is not None or any(quant.zero_point) for quant in given):
        raise what.refuse(
            "has weights with a zero point or a scale per filter",
            "convert with symmetric ones of one scale",
        )
    if weights.quant.dtype != "s8" or time.quant.dtype != state.quant.dtype:
        raise what.refuse(
            f"has a state of {state.quant.dtype} and weights of {weights.quant.dtype} and"
            f" {time.quant.dtype}",
            "convert with int8 weights, and weights of time of the state's type",
        )
    if state.quant.dtype == "s16" and any(state.quant.zero_point):
        raise what.refuse("has an int16 state with a zero point", "convert with a symmetric one")
    scales = weights.quant.scale[0], time.quant.scale[0]
    return StoredFilters(_codes(weights), _codes(time), _codes(bias), *scales, state.quant)


RECURRENT = {"UNIDIRECTIONAL_SEQUENCE_LSTM": lstm, "SVDF": svdf}
