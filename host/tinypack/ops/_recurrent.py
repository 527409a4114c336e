"""What gru, lstm and rnn share.

A legal node has one input, x [steps, batch, inputs], and its numbers in attrs["weights"]. Its
output is [steps, batch, units], or [1, batch, units] with attrs["last"].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..ir import Array, FloatArray, Node, QuantParams, Shape, Value, nhwc_view
from ._build import Builder, constant_input, refuse
from ._layer import Layer, LinearWeights, Planes, Quantized, State, rescale, s16
from ._requant import quantize_multiplier

Floats = NDArray[np.float64]
# The next state vectors [samples, batch, units] from a step's inputs and the state.
Step = Callable[["Weights", FloatArray, Sequence[FloatArray]], tuple[FloatArray, ...]]

# Sums of gates are Q3.12, what comes out of them and hidden states are Q0.15.
GATE = 2.0**-12
UNIT = 2.0**-15


@dataclass(frozen=True, eq=False)
class Weights:
    """Of the inputs [gates * units, inputs] and of the state [gates * units, units], a bias each;
    the state before the first step [batch, states, units], zero if None."""

    inputs: FloatArray
    state: FloatArray
    input_bias: FloatArray
    state_bias: FloatArray
    initial: FloatArray | None = None
    peepholes: FloatArray | None = None
    clip: float = 0.0  # of an lstm's cell, 0: none

    def __repr__(self) -> str:
        return f"<{self.inputs.shape[0]} rows>"


@dataclass(frozen=True, eq=False)
class StoredGates:
    """The integers of a quantized .tflite: codes of all gates, a scale for each gate."""

    inputs: Array
    state: Array
    bias: Array
    input_scales: Sequence[float]
    state_scales: Sequence[float]
    hidden: QuantParams
    cell: float

    def __repr__(self) -> str:
        return f"<{self.inputs.shape[0]} rows>"


def weights_of(node: Node) -> Weights:
    weights: Weights = node.attrs["weights"]
    return weights


def sizes_of(node: Node) -> tuple[int, int, int]:
    """Steps, batch, units."""
    n, h, w, _ = nhwc_view(node.input(0).shape)
    return n * h, w, weights_of(node).state.shape[1]


def output_shape(node: Node) -> Shape:
    steps, batch, units = sizes_of(node)
    return (1 if node.attrs["last"] else steps, batch, units)


def compute(
    node: Node, weights: Weights, x: FloatArray, step: Step, states: int = 1
) -> FloatArray:
    """All state vectors behind every step: [samples, steps, states, batch, units].

    With attrs["runs"] so many samples are one sequence.
    """
    steps, batch, units = sizes_of(node)
    samples, runs = len(x), node.attrs.get("runs", 1)
    x = x.reshape(samples // runs, runs * steps, batch, -1)
    begin = weights.initial
    if begin is None:
        begin = np.zeros((batch, states, units), np.float32)
    state: tuple[FloatArray, ...] = tuple(
        np.broadcast_to(begin[:, i], (len(x), batch, units)) for i in range(states)
    )
    seen = []
    for row in range(runs * steps):
        state = step(weights, x[:, row], state)
        seen.append(np.stack(state, 1))
    every = np.stack(seen, 1).astype(np.float32)
    return every.reshape(samples, steps, states, batch, units)


def hidden(node: Node, seen: FloatArray) -> FloatArray:
    """The node's output of what compute() gives."""
    return seen[:, -1:, 0] if node.attrs["last"] else seen[:, :, 0]


def _before(node: Node, weights: Weights, seen: FloatArray) -> FloatArray:
    """Columns [count, units] of the hidden state before every step, of what compute() gives."""
    runs = node.attrs.get("runs", 1)
    states = seen[:, :, 0]
    states = states.reshape(len(states) // runs, -1, *states.shape[2:])
    begin = np.zeros_like(states[:, :1])
    if weights.initial is not None:
        begin += weights.initial[:, 0]
    before = np.concatenate([begin, states[:, :-1]], 1)
    return before.reshape(-1, before.shape[-1])


def of_state(weights: Weights, gate: int, h: FloatArray) -> FloatArray:
    """What the state adds to a gate."""
    units = h.shape[-1]
    rows = slice(gate * units, (gate + 1) * units)
    result: FloatArray = h @ weights.state[rows].T + weights.state_bias[rows]
    return result


def sigmoid(x: FloatArray) -> FloatArray:
    result: FloatArray = 0.5 + 0.5 * np.tanh(0.5 * x)
    return result


# Import


def directions(node: Node) -> tuple[str, ...]:
    found = node.attrs.get("direction", "forward")
    found = found.decode() if isinstance(found, bytes) else str(found)
    return ("forward", "reverse") if found == "bidirectional" else (found,)


def legalize(
    node: Node, build: Builder, op: str, weights: Sequence[Weights], **attrs: int
) -> Value:
    """`weights` of each direction; attrs["last"] of the source's node: Y_h is asked for, not Y."""
    batch_first = bool(node.attrs.get("layout", 0))
    last = bool(node.attrs.get("last", 0))
    x = node.input(0)
    if x.is_constant:
        raise refuse(node, "has a constant input", "fold it before the export")
    if batch_first:
        x = build.transpose(x, (1, 0, 2))
    _check_lengths(node, x.shape[0])
    ways = []
    for way, of_way in zip(directions(node), weights, strict=True):
        seen = _reversed(build, x) if way == "reverse" else x
        y = build.node(op, seen, weights=of_way, last=int(last), **attrs)
        if way == "reverse" and not last:
            y = _reversed(build, y)
        ways.append(build.reshape(y, (y.shape[0], 1, *y.shape[1:])))
    y = ways[0] if len(ways) == 1 else build.node("concat", *ways, axis=1)
    if last:
        y = build.reshape(y, y.shape[1:])
        return build.transpose(y, (1, 0, 2)) if batch_first else y
    return build.transpose(y, (2, 0, 1, 3)) if batch_first else y


def _reversed(build: Builder, x: Value) -> Value:
    begin = (x.shape[0] - 1, *[0] * (x.rank - 1))
    return build.node("slice", x, begin=begin, step=(-1, *[1] * (x.rank - 1)), size=x.shape)


def _check_lengths(node: Node, steps: int) -> None:
    lengths = node.inputs[4] if len(node.inputs) > 4 else None
    if lengths is None:
        return
    if (constant_input(node, 4, "sequence lengths") != steps).any():
        raise refuse(node, "has sequences of different lengths", "make all of them one length")


def activations(node: Node, *known: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the `known` functions of its gates the node has, the first if it does not say.

    Other functions, clips and couplings have no place in the fixed point.
    """
    found = node.attrs.get("activations", [])
    given = [a.decode() if isinstance(a, bytes) else str(a) for a in found]
    if node.attrs.get("clip", 0.0):
        raise refuse(node, "clips its sums", "train it without clip")
    if not given:
        return known[0]
    for gates in known:
        if given == list(gates) * len(directions(node)):
            return gates
    offered = " or ".join(", ".join(gates) for gates in known)
    raise refuse(node, f"has the activations {', '.join(given)}", f"use {offered}")


def check_hidden(node: Node, weights: Sequence[Weights]) -> None:
    """What comes out of tanh is in 1/32768."""
    for of_way in weights:
        if of_way.initial is not None and np.abs(of_way.initial[:, 0]).max() > 1:
            raise refuse(node, "starts from a state beyond 1", "start it from zero")


def source_weights(node: Node, gates: int, initial: Sequence[int]) -> list[Weights]:
    """Of each direction; `initial`: the inputs that hold initial states."""
    w, r = (constant_input(node, i, "weights") for i in (1, 2))
    units = r.shape[-1]
    bias = _optional(node, 3, "bias")
    if bias is None:
        bias = np.zeros((len(w), 2 * gates * units), np.float32)
    starts = [_optional(node, i, "initial state") for i in initial]
    result = []
    for way in range(len(w)):
        halves = np.split(bias[way].astype(np.float32), 2)
        begin = None
        if any(start is not None and start.any() for start in starts):
            begin = _initial(node, starts, way)
        result.append(Weights(w[way], r[way], halves[0], halves[1], begin))
    return result


def _initial(node: Node, starts: Sequence[Array | None], way: int) -> FloatArray:
    shape = next(start.shape for start in starts if start is not None)
    parts = [np.zeros(shape, np.float32) if start is None else start for start in starts]
    axis = 1 if node.attrs.get("layout", 0) else 0
    stacked: FloatArray = np.stack([part.take(way, axis) for part in parts], 1)
    return stacked.astype(np.float32)


def _optional(node: Node, index: int, what: str) -> Array | None:
    if index >= len(node.inputs) or node.inputs[index] is None:
        return None
    return constant_input(node, index, what)


# Integers


def quantize(
    layer: Layer,
    scales: Sequence[float],
    attrs: dict[str, int],
    computed: Callable[[Weights, FloatArray], FloatArray],
    sum_scale: float = GATE,
    extra: Sequence[Array] = (),
) -> Quantized:
    """`scales` of the state's vectors, the hidden one first; `sum_scale` of the gates' sums;
    `computed`: what compute() gives; `extra` constants stand behind the initial state."""
    (x,) = layer.operands
    weights = weights_of(layer.node)
    columns = (array.reshape(-1, weights.inputs.shape[1]) for array in (x.exact, x.actual))
    inputs = layer.rows(weights.inputs, weights.input_bias, x.params, *columns)
    used = replace(weights, inputs=inputs.values(), input_bias=inputs.bias.astype(np.float32))
    # The state sees what the weights of the inputs have lost.
    states = computed(weights, x.exact), computed(used, x.actual)
    columns = (_before(layer.node, weights, seen) for seen in states)
    state = layer.rows(weights.state, weights.state_bias, s16(scales[0]), *columns)
    used = replace(used, state=state.values(), state_bias=state.bias.astype(np.float32))
    params = [
        _params(inputs, x.scale, x.zero_point, sum_scale),
        _params(state, scales[0], 0, sum_scale),
    ]
    stored: list[Array | Planes] = [
        *(Planes(rows.codes, rows.dtype) for rows in (inputs, state)),
        np.concatenate(params),
        sigmoid_table(),
    ]
    vectors = state_of(layer.node, len(scales))
    if weights.initial is not None or extra:
        initial = np.zeros(vectors.shape) if weights.initial is None else weights.initial
        integers = np.rint(initial / np.array(scales)[:, None])
        stored.append(np.clip(integers, -(1 << 15), (1 << 15) - 1).astype(np.int16))
    stored += extra
    output = layer.own()
    attrs = attrs | rescale(scales[0] / output.scale[0])
    return Quantized(
        attrs,
        output,
        hidden(layer.node, computed(used, x.actual)),
        stored=tuple(stored),
        state=vectors,
    )


def state_of(node: Node, vectors: int) -> State:
    _, batch, units = sizes_of(node)
    return State((batch, vectors, units), "s16", UNIT, bool(node.attrs.get("stateful")))


def state_scale(weights: Weights, seen: FloatArray, which: int) -> float:
    """Of a state vector, with as much room again as compute() has seen."""
    largest = float(np.abs(seen[:, :, which]).max())
    if weights.initial is not None:
        largest = max(largest, float(np.abs(weights.initial[:, which]).max()))
    return 2 * max(largest, 1e-6) / (1 << 15)


def _params(
    rows: LinearWeights, scale: float, zero_point: int, sum_scale: float
) -> NDArray[np.int32]:
    """Bias, multiplier and shift of each row; `scale` and `zero_point` of what it multiplies."""
    step = scale * rows.scale
    sums = rows.codes.sum(1, dtype=np.int64)
    offsets = np.rint(rows.bias / step).astype(np.int64) - zero_point * sums
    factors = np.array([quantize_multiplier(real / sum_scale) for real in step], np.int64)
    return np.column_stack([offsets, factors]).astype(np.int32)


def sigmoid_table() -> NDArray[np.int16]:
    """TensorFlow Lite's, half of it: sigmoid(i / 24) - 1/2 in 1/65536, raised by half of what
    a line between two entries misses where it misses most."""
    y = 1 / (1 + np.exp(-np.arange(256) / 24))
    curvature = y * (1 - y) * (1 - 2 * y) / 24**2
    table = np.rint((y - 0.5 - curvature / 16) * 65536).astype(np.int16)
    table[-1] = 32767
    return table
