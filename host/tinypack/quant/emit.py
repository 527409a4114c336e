"""A quantized graph as the records of a model file, still without memory offsets."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..ir import Node, QuantParams, Value
from ..ir.tensor import dtype_of
from ..model_file import ModelSpec, NodeSpec, QuantizerSpec, TensorSpec
from ..model_file.layout import pack_params, pack_weights, phases
from ..ops._layer import LinearWeights, Planes, Quantized
from ..ops._requant import quantize_multiplier, short_multiplier
from ..ops.gather import is_computed
from .quantizer import QuantizedGraph


def emit(
    quantized: QuantizedGraph,
    quantizers: Mapping[Value, QuantizerSpec],
    labels: tuple[str, ...] = (),
    metadata: Mapping[str, Any] | None = None,
) -> ModelSpec:
    """`quantizers` say how the inputs take floats."""
    graph = quantized.graph
    tensors: list[TensorSpec] = []
    index: dict[Value, int] = {}
    named = {id(value) for value in (*graph.inputs, *graph.outputs)}

    def add(tensor: TensorSpec) -> int:
        tensors.append(tensor)
        return len(tensors) - 1

    def of(value: Value) -> int:
        if value not in index:
            params = quantized.params[value]
            index[value] = add(
                TensorSpec(
                    shape=value.shape,
                    dtype=params.dtype,
                    zero_point=params.zero_point[0],
                    scale=params.scale[0],
                    data=_constant(value, params) if value.is_constant else None,
                    name=value.name if id(value) in named else "",
                    quantizer=quantizers.get(value),
                )
            )
        return index[value]

    for value in graph.inputs:
        of(value)
    nodes = []
    for node in graph.nodes:
        result = quantized.nodes[node]
        inputs = [of(node.input(0))]
        if result.weights is not None:
            inputs += map(add, _linear(node, result, quantized.params[node.input(0)]))
        elif result.table is not None:
            inputs.append(add(_stored(result.table, node.op)))
        elif node.op == "gather" and not is_computed(node):
            inputs.append(add(_indices(node)))
        else:
            inputs += [of(value) for value in node.inputs[1:] if value is not None]
        inputs += [add(_stored(array, node.op)) for array in result.stored]
        outputs = [of(node.output)]
        if result.state is not None:
            s = result.state
            outputs.append(add(TensorSpec(s.shape, s.dtype, s.zero_point, s.scale, state=s.kept)))
        nodes.append(
            NodeSpec(
                op=node.op,
                inputs=tuple(inputs),
                outputs=tuple(outputs),
                attrs=ops.attributes(node) | result.attrs,
                # TensorFlow Lite joins the names of all that it fused; one of them tells enough.
                name=node.name.partition(";")[0],
            )
        )
    return ModelSpec(
        tensors=tuple(tensors),
        nodes=tuple(nodes),
        inputs=tuple(index[value] for value in graph.inputs),
        outputs=tuple(index[value] for value in graph.outputs),
        arena_bytes=0,
        labels=labels,
        metadata=dict(metadata or {}),
    )


def _constant(value: Value, params: QuantParams) -> bytes:
    codes = np.rint(value.data / params.scale[0]) + params.zero_point[0]
    kind = np.int16 if params.dtype == "s16" else np.int8
    return bytes(np.clip(codes, *params.range).astype(kind).data)


def _stored(array: NDArray[Any] | Planes, op: str) -> TensorSpec:
    if isinstance(array, Planes):
        data = pack_weights(op, array.dtype, array.codes)
        return TensorSpec(array.codes.shape, array.dtype, data=data)
    return TensorSpec(array.shape, dtype_of(array), data=array.tobytes())


def _indices(node: Node) -> TensorSpec:
    indices = np.array(node.attrs["indices"])
    dtype = "s16" if indices.max() < 1 << 15 else "s32"
    kind = np.int16 if dtype == "s16" else np.int32
    return TensorSpec(indices.shape, dtype, data=indices.astype(kind).tobytes())


def _linear(node: Node, result: Quantized, x: QuantParams) -> tuple[TensorSpec, TensorSpec]:
    """Weights in the layout of their operator, and their params."""
    weights = result.weights
    assert weights is not None
    # A depthwise layer's groups are its channels, which its layout does not know as such.
    groups = 1 if node.op == "depthwise_conv_2d" else weights.groups
    parts: list[NDArray[np.integer[Any]]] = [weights.codes]
    if node.op == "transpose_conv_2d":
        strides = ops.attributes(node)
        parts = phases(weights.codes, (strides.get("stride_h", 1), strides.get("stride_w", 1)))
    packed = [pack_weights(node.op, weights.dtype, part, groups) for part in parts]
    params = [_params(weights, part, x, result.output) for part in parts]
    stored = [pack_params(node.op, weights.dtype, part, groups) for part in params]
    return (
        TensorSpec(weights.codes.shape, weights.dtype, data=b"".join(packed)),
        TensorSpec(params[0].shape, "s32", data=b"".join(stored)),
    )


def _params(
    weights: LinearWeights, codes: NDArray[np.integer[Any]], x: QuantParams, y: QuantParams
) -> NDArray[np.int64]:
    """SPEC.md, "Layouts": bias with the input's zero point folded in, multiplier, shift."""
    step = x.scale[0] * weights.scale
    sums = codes.reshape(len(step), -1).sum(1, dtype=np.int64)
    bias = np.rint(weights.bias / step).astype(np.int64) - x.zero_point[0] * sums
    as_factor = short_multiplier if weights.rounds_once else quantize_multiplier
    factors = [as_factor(real) for real in step / y.scale[0]]
    return np.column_stack([bias, np.array(factors, np.int64)])
