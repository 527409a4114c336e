"""Goes through a legal graph once, in the float model and behind quantized layers side by side.

Each layer so sees what the layers before it did to its input, and can make good for it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..errors import PackError
from ..ir import FloatArray, Graph, Node, QuantParams, Value
from ..ops._layer import INDEX, LinearWeights, Operand, Quantized
from ..ops._layer import Columns as ColumnsOf
from .common import JOINS, common_scales, rescale_inputs
from .linear import Columns, round_linear, stored_weights
from .observe import integers, rounded, signal_to_noise
from .policy import activation_dtype, weight_dtypes

# Columns of a layer's input that statistics are taken from, fewer if they are long.
_COLUMNS = 20_000
_NUMBERS = 12_000_000
# A bias stays below 2^_BIAS_BITS of its own steps, so that sums keep clear of s32's end.
_BIAS_BITS = 29
# So much may the codes of a channel add up to where inputs are s16: with the bias 2^31 at most,
# and a little less, since rounding may add to them.
_S16_CODES = 48_000

# In steps of the input's scale; the file's limit, and a little less.
_FARTHEST_MEAN = 32000

_LEFT_OUT = np.empty(0, np.float32)

# What indices may go through.
_MOVEMENTS = ("gather", "reshape", "slice", "transpose")

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class QuantizedGraph:
    """Integers of every arena value and constant operand, and the results node by node, without
    what they compute; of layers rounded alone with it.

    `noise` is the ratio of each node's output to its error on the calibration samples, in dB.
    """

    graph: Graph
    params: Mapping[Value, QuantParams]
    nodes: Mapping[Node, Quantized]
    noise: Mapping[Node, float] = field(default_factory=dict)


@dataclass
class _Layer:
    """Implements ops._layer.Layer."""

    node: Node
    operands: tuple[Operand, ...]
    exact: FloatArray
    dtype: str
    activation: str
    common: QuantParams | None
    reader: Node | None

    def compute(self, *arrays: FloatArray) -> FloatArray:
        return ops.float_(self.node, *arrays)

    def own(self) -> QuantParams:
        if self.common is not None:
            return self.common
        reader = self.reader
        function = partial(ops.MODULES[reader.op].float_, reader) if reader else None
        return integers(self.exact, self.activation, function=function, others=self._far())

    def _far(self) -> FloatArray | None:
        """What a layer of kernels gives far from all samples, where they are 0: of a detector
        of outliers, which samples seldom are, it is what it was trained for."""
        producer = self.node.input(0).producer
        if self.node.op != "fully_connected" or producer is None or producer.op != "table":
            return None
        function = producer.attrs["function"]
        return self.operands[2].exact if function[0] == "exp" else None

    def linear(
        self,
        weights: NDArray[np.float64],
        bias: NDArray[np.float64],
        columns: ColumnsOf,
        positions: int,
    ) -> LinearWeights:
        groups, _, taps = weights.shape
        stored = self.node.input(1).quant
        x = self.operands[0]
        least = _least_steps(weights, bias, x.params)
        # Integers that come with the file are kept, unless sums of s16 could leave s32.
        if stored is not None and (
            x.params.bits == 8 or np.all(np.array(stored.scale) >= least.reshape(-1))
        ):
            return stored_weights(self.node.input(1).data, stored, bias, groups)
        picks = _picks(positions, groups * taps)
        seen = Columns(columns(x.exact, picks), columns(x.actual, picks))
        rounded = self._rounded(weights, bias, seen, least)
        return replace(rounded, codes=rounded.codes.reshape(self.node.input(1).shape))

    def rows(
        self,
        weights: FloatArray,
        bias: FloatArray,
        params: QuantParams,
        exact: FloatArray,
        actual: FloatArray,
    ) -> LinearWeights:
        picks = _picks(len(exact), weights.shape[1])
        seen = Columns(exact[None, picks], actual[None, picks])
        real, offset = (array.astype(np.float64)[None] for array in (weights, bias))
        least = _least_steps(real, offset, params)
        rounded = self._rounded(real, offset, seen, least)
        return replace(rounded, codes=rounded.codes.reshape(weights.shape))

    def _rounded(
        self,
        weights: NDArray[np.float64],
        bias: NDArray[np.float64],
        seen: Columns,
        least: NDArray[np.float64],
    ) -> LinearWeights:
        try:
            codes, scale, corrected = round_linear(weights, bias, seen, self.dtype, least)
        except np.linalg.LinAlgError as error:
            raise PackError(
                f"node {self.node.name!r}: what goes into it differs so much in size that its"
                " weights cannot be rounded; scale the features, and leave out constant ones"
            ) from error
        return LinearWeights(
            codes, scale.reshape(-1), corrected.reshape(-1), self.dtype, len(weights)
        )


def _least_steps(
    weights: NDArray[np.float64], bias: NDArray[np.float64], params: QuantParams
) -> NDArray[np.float64]:
    """Scales [groups, channels] below which sums could leave s32; `params` of what goes in."""
    least: NDArray[np.float64] = np.abs(bias) / (params.scale[0] * (1 << _BIAS_BITS))
    if params.bits == 16:
        least = np.maximum(least, np.abs(weights).sum(-1) / _S16_CODES)
    return least


def _picks(positions: int, numbers: int) -> NDArray[np.int64]:
    """Which columns statistics are taken from, of so many numbers each."""
    count = max(1, min(positions, _COLUMNS, _NUMBERS // numbers))
    return np.sort(np.random.default_rng(0).choice(positions, count, replace=False))


def _arena(graph: Graph) -> Iterator[Value]:
    yield from graph.inputs
    for node in graph.nodes:
        yield from node.outputs


def _elements(value: Value, activation: str) -> str:
    """Trees compare: s16 for what they read, and for the products that make it."""
    made = value.producer is None or value.producer.op in ("fully_connected", *_MOVEMENTS)
    if made and value.users and all(_compares(node) for node in value.users):
        return "s16"
    return activation


def _compares(node: Node) -> bool:
    if node.op in ("fully_connected", *_MOVEMENTS):
        return bool(node.output.users) and all(_compares(user) for user in node.output.users)
    return node.op == "tree_ensemble"


def _reader(graph: Graph, value: Value) -> Node | None:
    """The table that alone reads a value."""
    if graph.is_output(value) or len(value.users) != 1:
        return None
    (user,) = value.users
    if user.op in _MOVEMENTS:
        return _reader(graph, user.output)
    return user if user.op == "table" else None


def _least_scale(value: Value) -> float:
    if value.normalization is None:
        return 0.0
    mean, std = value.normalization
    return float(np.abs(mean / std).max()) / _FARTHEST_MEAN


def _input(value: Value, x: FloatArray, activation: str) -> QuantParams:
    """No finer than a mean that the file takes off lets it be (SPEC.md, "Float input")."""
    given = integers(x, activation)
    least = _least_scale(value)
    if given.scale[0] >= least:
        return given
    return QuantParams(given.dtype, (float(np.float32(least)),), (0,))


def quantize_graph(
    graph: Graph,
    inputs: Sequence[FloatArray],
    precision: str = "int8",
    progress: Progress | None = None,
    *,
    widths: Mapping[Node, str] | None = None,
    alone: bool = False,
) -> QuantizedGraph:
    """`inputs` are calibration samples for each graph input, as ops.run takes them.

    `widths` gives layers other weights than `precision` would. `alone` rounds every layer as if
    all others were exact.
    """
    dtypes = weight_dtypes(graph, precision) | dict(widths or {})
    activation = activation_dtype(precision)
    common = common_scales(graph, inputs, activation) | {
        value: value.quant for value in _arena(graph) if value.quant is not None
    }
    params: dict[Value, QuantParams] = {}
    exact: dict[Value, FloatArray] = {}
    actual: dict[Value, FloatArray] = {}
    results: dict[Node, Quantized] = {}
    noise: dict[Node, float] = {}
    last = {value: node for node in graph.nodes for value in node.inputs if value is not None}

    def set_value(value: Value, given: QuantParams, x: FloatArray, y: FloatArray) -> None:
        params[value] = given
        exact[value] = x
        if alone or given == INDEX:
            actual[value] = x
        else:
            actual[value] = rounded(y, given)

    for value, x in zip(graph.inputs, inputs, strict=True):
        x = np.ascontiguousarray(x, np.float32).reshape(len(x), *value.shape)
        given = common.get(value)
        if given is None or (value.quant is None and given.scale[0] < _least_scale(value)):
            given = _input(value, x, _elements(value, activation))
        set_value(value, given, x, x)

    def quantize(node: Node) -> None:
        values = [value for value in node.inputs if value is not None]
        for value in values:
            if value.is_constant and value not in params:
                given = common.get(value) or integers(value.data, activation, constant=True)
                set_value(value, given, value.data, value.data)
        if INDEX in (params[value] for value in values) and node.op not in _MOVEMENTS:
            raise PackError(
                f"node {node.name!r}: {node.op} computes with the indices {values[0].name!r};"
                " end the model with them"
            )
        operands = tuple(Operand(params[v], exact[v], actual[v]) for v in values)
        y = ops.float_(node, *(operand.exact for operand in operands))
        width = dtypes.get(node, "s8")
        elements = _elements(node.output, activation)
        layer = _Layer(
            node,
            operands,
            y,
            width,
            elements,
            common.get(node.output),
            _reader(graph, node.output),
        )
        with np.errstate(all="ignore"):
            result: Quantized = ops.MODULES[node.op].quantize(layer)
        # Shapes of one NHWC view stand for each other, here as in float_().
        result = replace(result, actual=result.actual.reshape(y.shape))
        # What all nodes give of all samples together takes the most memory.
        results[node] = result if alone and result.planes else replace(result, actual=_LEFT_OUT)
        set_value(node.output, result.output, y, result.actual)
        noise[node] = signal_to_noise(y, actual[node.output])
        for value in values:
            if last.get(value) is node:
                exact.pop(value, None)
                actual.pop(value, None)

    nodes = graph.nodes.copy()
    for done, node in enumerate(nodes, 1):
        if node.op in JOINS:
            for rescaled in rescale_inputs(graph, node, params, common):
                quantize(rescaled)
        quantize(node)
        if progress:
            progress(done, len(nodes))
    return QuantizedGraph(graph, params, results, noise)
