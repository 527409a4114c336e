"""svdf: filters over the inputs, filters over time of what they give, sums of some of them.

A run is one step, and samples are the steps of one sequence (STREAMS).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import Array, FloatArray, Node, QuantParams, Shape, Value, nhwc_view
from ._build import Builder
from ._layer import Layer, Planes, Quantized, State, activation
from ._requant import quantize_multiplier

ONNX: tuple[str, ...] = ()
STREAMS = True

# So much larger than what samples give may a filter's numbers be.
_HEADROOM = 2.0
_BIAS_BITS = 29
# The codes of a unit's weights of time add up to no more: with the bias 2^31 at most.
_CODES = 48_000


@dataclass(frozen=True, eq=False)
class Filters:
    """Of the inputs [filters, inputs] and of time [filters, memory], newest last; a bias per unit.

    A unit is the sum of filters that stand side by side.
    """

    inputs: FloatArray
    time: FloatArray
    bias: FloatArray

    def __repr__(self) -> str:
        return f"<{len(self.inputs)} filters>"


@dataclass(frozen=True, eq=False)
class StoredFilters:
    """The integers of a quantized .tflite."""

    inputs: Array
    time: Array
    bias: Array
    input_scale: float
    time_scale: float
    state: QuantParams

    def __repr__(self) -> str:
        return f"<{len(self.inputs)} filters>"


def filters_of(node: Node) -> Filters:
    filters: Filters = node.attrs["filters"]
    return filters


def legalize(node: Node, build: Builder) -> Value | None:
    return None


def infer_shape(node: Node) -> Shape:
    return *node.input(0).shape[:-1], len(filters_of(node).bias)


def attributes(node: Node) -> dict[str, int]:
    return {"memory": filters_of(node).time.shape[1]}


def float_(node: Node, x: FloatArray) -> FloatArray:
    filters = filters_of(node)
    return _over_time(filters, x @ filters.inputs.T)


def _over_time(filters: Filters, found: FloatArray) -> FloatArray:
    """The output of what the filters of the inputs give in every step [steps, ..., filters]."""
    steps, memory = len(found), filters.time.shape[1]
    sums = np.zeros_like(found)
    for back in range(min(memory, steps)):
        sums[back:] += found[: steps - back] * filters.time[:, memory - 1 - back]
    y: FloatArray = sums.reshape(*sums.shape[:-1], len(filters.bias), -1).sum(-1) + filters.bias
    return y


def quantize(layer: Layer) -> Quantized:
    """Weights of time and the state are s16: they are few, and a sum of them is long."""
    (x,), filters = layer.operands, filters_of(layer.node)
    units = len(filters.bias)
    found = x.exact @ filters.inputs.T
    kept = max(float(np.abs(found).max(initial=0.0)), 1e-6) * _HEADROOM / 32767
    none = np.zeros(len(filters.inputs), np.float32)
    columns = (array.reshape(-1, filters.inputs.shape[1]) for array in (x.exact, x.actual))
    rows = layer.rows(filters.inputs, none, x.params, *columns)
    real = filters.time.reshape(units, -1).astype(np.float64)
    step = np.maximum.reduce(
        [
            np.abs(real).max(1) / 32767,
            np.abs(real).sum(1) / _CODES,
            np.abs(filters.bias) / (kept * (1 << _BIAS_BITS)),
            np.full(units, 1e-30),
        ]
    )
    codes = np.rint(real / step[:, None])
    rounded = Filters(
        rows.values(),
        (codes * step[:, None]).astype(np.float32).reshape(filters.time.shape),
        filters.bias,
    )
    output = layer.own()
    offsets = np.rint(rows.bias / (x.scale * rows.scale)).astype(np.int64)
    sums = np.rint(filters.bias / (kept * step)).astype(np.int64)
    params = _params(
        (offsets - x.zero_point * rows.codes.sum(1, dtype=np.int64), x.scale * rows.scale / kept),
        (sums, kept * step / output.scale[0]),
    )
    found = x.actual @ rounded.inputs.T + rows.bias.astype(np.float32)
    actual = _over_time(rounded, found)
    low, high = (layer.node.attrs.get(f"activation_{end}") for end in ("min", "max"))
    return Quantized(
        activation(layer.node, output),
        output,
        np.clip(actual, -np.inf if low is None else low, np.inf if high is None else high),
        stored=(
            Planes(rows.codes, rows.dtype),
            codes.astype(np.int16).reshape(filters.time.shape),
            params,
        ),
        state=_state(layer.node, "s16", kept),
    )


def stored(node: Node) -> Quantized:
    """As TensorFlow Lite Micro prepares it: products and quotients of scales in doubles, as the
    released interpreter's results show; its source takes float32."""
    given: StoredFilters = node.attrs["stored"]
    x, y, kept = node.input(0).quant, node.output.quant, given.state
    assert x is not None and y is not None
    of_inputs = x.scale[0] * given.input_scale / kept.scale[0]
    of_time = kept.scale[0] * given.time_scale / y.scale[0]
    rows = given.inputs.astype(np.int8)
    of_units = given.time.reshape(len(given.bias), -1).sum(1).astype(np.int64)
    sums = given.bias.astype(np.int64) - kept.zero_point[0] * of_units
    params = _params(
        (-x.zero_point[0] * rows.sum(1, dtype=np.int64), np.full(len(rows), of_inputs)),
        (sums, np.full(len(given.bias), of_time)),
    )
    codes = given.time.astype(np.int8 if kept.dtype == "s8" else np.int16)
    return Quantized(
        {},
        y,
        np.empty(0, np.float32),
        stored=(Planes(rows, "s8"), codes, params),
        state=_state(node, kept.dtype, kept.scale[0], kept.zero_point[0]),
    )


def _params(*parts: tuple[NDArray[np.int64], NDArray[np.float64]]) -> NDArray[np.int32]:
    """Biases and factors of the filters, then those of the units."""
    rows = [
        np.column_stack([bias, np.array([quantize_multiplier(f) for f in factors], np.int64)])
        for bias, factors in parts
    ]
    return np.concatenate(rows).astype(np.int32)


def _state(node: Node, dtype: str, scale: float, zero_point: int = 0) -> State:
    batch = nhwc_view(node.input(0).shape)[2]
    return State((batch, *filters_of(node).time.shape), dtype, scale, True, zero_point)
