"""Graphs that come with their integers: a quantized .tflite is packed as it is, bit for bit.

Multipliers are computed from the stored scales as TensorFlow Lite Micro does, in doubles and in
its order.
"""

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..errors import PackError
from ..ir import Graph, Node, QuantParams, Value
from ..ops import lstm, svdf
from ..ops._layer import LinearWeights, Quantized, activation, rescale
from ..ops._requant import add_multipliers, quantize_multiplier, softmax_attributes
from ..ops._taps_tflite import TFLITE_FRACTION
from ..ops.resize import copies
from .linear import stored_weights
from .policy import LINEAR
from .quantizer import QuantizedGraph

# Nothing is fitted to what a layer computes, so that is left empty.
_EMPTY = np.empty(0, np.float32)


def is_stored(graph: Graph) -> bool:
    """Whether all that is computed has its integers already; PackError if only a part has."""
    if not graph.of_integers:
        return False
    values = [*graph.inputs, *(output for node in graph.nodes for output in node.outputs)]
    quantized = [value.quant is not None for value in values]
    if any(quantized) and not all(quantized):
        name = values[quantized.index(False)].name
        raise PackError(
            f"{name!r} is float in a quantized model; pack the float32 model, which is quantized"
            " whole"
        )
    return all(quantized)


def stored_precision(graph: Graph) -> str | None:
    """What a graph comes with if samples can add nothing to it; None if they can."""
    if not is_stored(graph):
        for node in graph.nodes:
            free = not ops.keeps_scale(node) and node.op != "softmax"
            weights = node.input(1) if node.op in LINEAR else None
            if (free and node.output.quant is None) or (weights is not None and not weights.quant):
                return None
        if any(value.quant is None for value in graph.inputs):
            return None
    linear = [node for node in graph.nodes if node.op in LINEAR]
    if any((read := node.input(0).quant) and read.dtype == "s16" for node in linear):
        return "int16"
    layers = [node.input(1).quant for node in linear]
    return "int4" if any(quant and quant.dtype == "s4" for quant in layers) else "int8"


def stored_graph(graph: Graph) -> QuantizedGraph:
    """`graph` is legal and is_stored(). A node may have all its `integers` already."""
    params = {value: _params(value) for value in graph.values() if value.quant is not None}
    results = {}
    for node in graph.nodes:
        if node.op not in _RESULTS:
            raise PackError(f"node {node.name!r}: {node.op} is not supported in int8 files")
        integers = node.attrs.get("integers")
        results[node] = _RESULTS[node.op](node) if integers is None else _result(node, integers)
    return QuantizedGraph(graph, params, results)


def _params(value: Value) -> QuantParams:
    assert value.quant is not None
    return value.quant


def _result(node: Node, attrs: dict[str, int], weights: LinearWeights | None = None) -> Quantized:
    return Quantized(attrs, _params(node.output), _EMPTY, weights)


def _scale(value: Value) -> float:
    return _params(value).scale[0]


def _linear(node: Node) -> Quantized:
    x, stored, bias = (node.input(i) for i in range(3))
    quant = _params(stored)
    if any(quant.zero_point):
        raise PackError(
            f"node {node.name!r}: its weights have a zero point; convert with symmetric weights"
        )
    channels = len(stored.data)
    scale = np.broadcast_to(np.array(quant.scale, np.float64), channels)
    groups = x.shape[-1] // stored.shape[-1] if node.op in ("conv_2d", "transpose_conv_2d") else 1
    weights = stored_weights(stored.data, quant, _bias(bias, _scale(x) * scale), groups)
    if _params(x).dtype == "s16":
        weights = _of_s16(node, weights, _scale(x) * scale)
    return _result(node, activation(node, _params(node.output)) | weights.wide(), weights)


def _of_s16(node: Node, weights: LinearWeights, step: NDArray[np.float64]) -> LinearWeights:
    """TensorFlow Lite adds up 64 bits where the bias has as many; here sums have 32."""
    codes = np.abs(weights.codes.reshape(len(step), -1).astype(np.int64)).sum(1)
    most = (codes << 15) + np.abs(np.rint(weights.bias / step))
    if most.max() >= 1 << 31:
        raise PackError(
            f"node {node.name!r}: its sums may need more than 32 bits; pack the float32 model with"
            " --precision int16"
        )
    if not node.attrs.get("long_sums"):
        return weights
    if (step / _scale(node.output)).min() < 2.0**-16:
        raise PackError(
            f"node {node.name!r}: its output has too large a scale for sums of 64 bits; pack the"
            " float32 model with --precision int16"
        )
    return replace(weights, rounds_once=True)


def _bias(bias: Value, step: NDArray[np.float64]) -> NDArray[np.float64]:
    """On the steps of the sums; the file's own scales are those, rounded to float32."""
    if bias.quant is None:
        return np.asarray(bias.data, np.float64)
    real: NDArray[np.float64] = np.rint(bias.data / np.array(bias.quant.scale)) * step
    return real


def _add(node: Node) -> Quantized:
    x, k, y = node.input(0), node.input(1), node.output
    attrs = add_multipliers(_scale(x), _scale(k), _scale(y), _params(y).dtype)
    if node.attrs.get("subtract"):
        attrs["k_multiplier"] = -attrs["k_multiplier"]
    return _result(node, attrs | activation(node, _params(y)))


def _mul(node: Node) -> Quantized:
    real = _scale(node.input(0)) * _scale(node.input(1)) / _scale(node.output)
    return _result(node, rescale(real) | activation(node, _params(node.output)))


def _pool(node: Node) -> Quantized:
    return _result(node, activation(node, _params(node.output)))


def _mean(node: Node) -> Quantized:
    """The count goes into the multiplier by integer division, behind as many bits as it has."""
    x = node.input(0)
    multiplier, shift = quantize_multiplier(_scale(x) / _scale(node.output))
    if node.attrs.get("total"):
        return _result(node, {"multiplier": multiplier, "shift": shift})
    count = prod(x.shape[axis] for axis in node.attrs["axes"])
    bits = min(count.bit_length() - 1, 32, 31 + shift)
    return _result(node, {"multiplier": (multiplier << bits) // count, "shift": shift - bits})


def _resize(node: Node) -> Quantized:
    rows, columns = node.attrs["rows"], node.attrs["columns"]
    if rows.copies and columns.copies:
        return Quantized({}, _params(node.output), _EMPTY, stored=copies(rows, columns))
    # TensorFlow Lite's: ten bits each, rounded once.
    tables = rows.table(TFLITE_FRACTION), columns.table(TFLITE_FRACTION)
    attrs = {"column_shift": 0, "multiplier": 0, "shift": -2 * TFLITE_FRACTION}
    return Quantized(attrs, _params(node.output), _EMPTY, stored=tables)


def _check_types(node: Node, *types: str) -> None:
    """Of the output: those that the operator gives of what it reads."""
    given = _params(node.output).dtype
    if given not in types:
        read = _params(node.input(0)).dtype
        raise PackError(
            f"node {node.name!r}: {node.op} of {read} gives {given}; convert the model to give"
            f" {' or '.join(types)}, or end it before"
        )


def _softmax(node: Node) -> Quantized:
    _check_types(node, _params(node.input(0)).dtype)
    return _result(node, softmax_attributes(node.attrs["beta"], _scale(node.input(0))))


def _pad(node: Node) -> Quantized:
    quant = _params(node.input(0))
    lowest, highest = quant.range
    value = round(node.attrs["value"] / quant.scale[0]) + quant.zero_point[0]
    return _result(node, {"value": min(max(value, lowest), highest)})


def _same(node: Node) -> Quantized:
    return _result(node, {})


def _quantize(node: Node) -> Quantized:
    _check_types(node, "s8", "s16")
    real = _scale(node.input(0)) / _scale(node.output)
    return _result(node, rescale(real) | activation(node, _params(node.output)))


def _table(node: Node) -> Quantized:
    """The importer has computed the entries, as only the file's own operator tells them."""
    entries = node.attrs.get("entries")
    if entries is None:
        raise PackError(f"node {node.name!r}: table is not supported in int8 files")
    return Quantized({}, _params(node.output), _EMPTY, table=np.array(entries, np.int8))


_RESULTS: dict[str, Callable[[Node], Quantized]] = {
    "conv_2d": _linear,
    "depthwise_conv_2d": _linear,
    "transpose_conv_2d": _linear,
    "fully_connected": _linear,
    "add": _add,
    "mul": _mul,
    "batch_matmul": _mul,
    "arg_max": _same,
    "top_k": _same,
    "average_pool_2d": _pool,
    "max_pool_2d": _pool,
    "mean": _mean,
    "resize": _resize,
    "softmax": _softmax,
    "pad": _pad,
    "reshape": _same,
    "transpose": _same,
    "concat": _same,
    "slice": _same,
    "gather": _same,
    "quantize": _quantize,
    "table": _table,
    "maximum": _same,
    "minimum": _same,
    "reduce_max": _same,
    "lstm": lstm.stored,
    "svdf": svdf.stored,
}
