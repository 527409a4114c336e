"""Writes small .tflite files, for TensorFlow Lite Micro to judge."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import tflite

_TYPES = {
    "float32": tflite.TensorType.FLOAT32,
    "int8": tflite.TensorType.INT8,
    "int16": tflite.TensorType.INT16,
    "int32": tflite.TensorType.INT32,
    "int64": tflite.TensorType.INT64,
}


@dataclass(frozen=True)
class Tensor:
    """A constant has `data`; one scale, or one per index of `axis`."""

    shape: tuple[int, ...]
    scale: Sequence[float] = ()
    zero_point: int = 0
    data: np.ndarray | None = None
    axis: int = 0
    state: str = ""  # type of a tensor that is kept between runs
    dtype: str = "int8"  # of one that is computed or fed
    name: str | None = ""  # numbered unless given; None has none


def constant(data: np.ndarray, scale: Sequence[float] = (), axis: int = 0) -> Tensor:
    return Tensor(data.shape, scale, 0, data, axis)


def _vector(builder: flatbuffers.Builder, start: Callable, prepend: str, items: Sequence) -> int:
    start(builder, len(items))
    for item in reversed(items):
        getattr(builder, prepend)(item)
    return builder.EndVector()


def _offsets(builder: flatbuffers.Builder, start: Callable, items: Sequence[int]) -> int:
    return _vector(builder, start, "PrependUOffsetTRelative", items)


def _buffer(builder: flatbuffers.Builder, data: np.ndarray | None) -> int:
    stored = None if data is None else builder.CreateByteVector(data.tobytes())
    tflite.BufferStart(builder)
    if stored is not None:
        tflite.BufferAddData(builder, stored)
    return tflite.BufferEnd(builder)


def _tensor(builder: flatbuffers.Builder, tensor: Tensor, buffer: int) -> int:
    name = None
    if tensor.name is not None:
        name = builder.CreateString(tensor.name or f"tensor{buffer}")
    scales = _vector(
        builder, tflite.QuantizationParametersStartScaleVector, "PrependFloat32", tensor.scale
    )
    zero_points = _vector(
        builder,
        tflite.QuantizationParametersStartZeroPointVector,
        "PrependInt64",
        [tensor.zero_point] * len(tensor.scale),
    )
    tflite.QuantizationParametersStart(builder)
    tflite.QuantizationParametersAddScale(builder, scales)
    tflite.QuantizationParametersAddZeroPoint(builder, zero_points)
    tflite.QuantizationParametersAddQuantizedDimension(builder, tensor.axis)
    quantization = tflite.QuantizationParametersEnd(builder)
    shape = _vector(builder, tflite.TensorStartShapeVector, "PrependInt32", tensor.shape)
    tflite.TensorStart(builder)
    if name is not None:
        tflite.TensorAddName(builder, name)
    tflite.TensorAddShape(builder, shape)
    kind = tensor.state or (tensor.dtype if tensor.data is None else tensor.data.dtype.name)
    tflite.TensorAddType(builder, _TYPES[kind])
    tflite.TensorAddIsVariable(builder, bool(tensor.state))
    tflite.TensorAddBuffer(builder, buffer)
    if len(tensor.scale):
        tflite.TensorAddQuantization(builder, quantization)
    return tflite.TensorEnd(builder)


def _options(builder: flatbuffers.Builder, kind: str, values: dict[str, Any]) -> int:
    getattr(tflite, f"{kind}Start")(builder)
    for name, value in values.items():
        getattr(tflite, f"{kind}Add{name}")(builder, value)
    return int(getattr(tflite, f"{kind}End")(builder))


@dataclass(frozen=True)
class Operator:
    """Of the builtin `op`; inputs and outputs are numbers of tensors."""

    op: str
    inputs: Sequence[int]
    outputs: Sequence[int]
    options: str
    values: dict[str, Any]
    version: int = 1


def _operator(builder: flatbuffers.Builder, operator: Operator, code: int) -> int:
    options = _options(builder, operator.options, operator.values)
    read = _vector(builder, tflite.OperatorStartInputsVector, "PrependInt32", operator.inputs)
    written = _vector(builder, tflite.OperatorStartOutputsVector, "PrependInt32", operator.outputs)
    tflite.OperatorStart(builder)
    tflite.OperatorAddOpcodeIndex(builder, code)
    tflite.OperatorAddInputs(builder, read)
    tflite.OperatorAddOutputs(builder, written)
    tflite.OperatorAddBuiltinOptionsType(builder, getattr(tflite.BuiltinOptions, operator.options))
    tflite.OperatorAddBuiltinOptions(builder, options)
    return tflite.OperatorEnd(builder)


def _operator_code(builder: flatbuffers.Builder, operator: Operator) -> int:
    code = getattr(tflite.BuiltinOperator, operator.op)
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddBuiltinCode(builder, code)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, min(code, 127))
    tflite.OperatorCodeAddVersion(builder, operator.version)
    return tflite.OperatorCodeEnd(builder)


def one_operator(
    op: str,
    inputs: Sequence[Tensor],
    output: Tensor | Sequence[Tensor],
    options: str,
    version: int = 1,
    **values: Any,
) -> bytes:
    """A file of one builtin; what is not constant among `inputs` is fed."""
    outputs = [output] if isinstance(output, Tensor) else output
    tensors = [*inputs, *outputs]
    made = range(len(inputs), len(tensors))
    return model(tensors, [Operator(op, range(len(inputs)), made, options, values, version)])


def model(tensors: Sequence[Tensor], operators: Sequence[Operator]) -> bytes:
    """What is neither constant nor computed is fed; the last operator gives the outputs."""
    builder = flatbuffers.Builder()
    buffers = [_buffer(builder, None), *(_buffer(builder, tensor.data) for tensor in tensors)]
    buffers_at = _offsets(builder, tflite.ModelStartBuffersVector, buffers)
    tables = [_tensor(builder, tensor, number + 1) for number, tensor in enumerate(tensors)]
    tensors_at = _offsets(builder, tflite.SubGraphStartTensorsVector, tables)
    nodes = [_operator(builder, operator, code) for code, operator in enumerate(operators)]
    nodes_at = _offsets(builder, tflite.SubGraphStartOperatorsVector, nodes)
    computed = {i for operator in operators for i in operator.outputs}
    kept = {i for i, t in enumerate(tensors) if t.data is not None or t.state}
    fed = [i for i in range(len(tensors)) if i not in computed | kept]
    fed_at = _vector(builder, tflite.SubGraphStartInputsVector, "PrependInt32", fed)
    last = operators[-1].outputs
    last_at = _vector(builder, tflite.SubGraphStartOutputsVector, "PrependInt32", last)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors_at)
    tflite.SubGraphAddInputs(builder, fed_at)
    tflite.SubGraphAddOutputs(builder, last_at)
    tflite.SubGraphAddOperators(builder, nodes_at)
    graphs = _offsets(builder, tflite.ModelStartSubgraphsVector, [tflite.SubGraphEnd(builder)])
    codes = [_operator_code(builder, operator) for operator in operators]
    codes_at = _offsets(builder, tflite.ModelStartOperatorCodesVector, codes)
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, codes_at)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, buffers_at)
    builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())
