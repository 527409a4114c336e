"""softmax against TensorFlow Lite Micro, whose fixed point SPEC.md spells out."""

import math
from collections.abc import Callable, Sequence

import flatbuffers
import numpy as np
import pytest
import tflite
from tinyinfer.engine import Engine, needs
from tinypack.model_file import ModelSpec, NodeSpec, TensorSpec, write_model
from tinypack.plan import apply_plan, plan_memory

runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")


def _vector(builder: flatbuffers.Builder, start: Callable, prepend: str, items: Sequence) -> int:
    start(builder, len(items))
    for item in reversed(items):
        getattr(builder, prepend)(item)
    return builder.EndVector()


def _offsets(builder: flatbuffers.Builder, start: Callable, items: Sequence[int]) -> int:
    return _vector(builder, start, "PrependUOffsetTRelative", items)


def _tensor(builder: flatbuffers.Builder, count: int, scale: float, zero_point: int) -> int:
    scales = _vector(
        builder, tflite.QuantizationParametersStartScaleVector, "PrependFloat32", [scale]
    )
    zero_points = _vector(
        builder, tflite.QuantizationParametersStartZeroPointVector, "PrependInt64", [zero_point]
    )
    tflite.QuantizationParametersStart(builder)
    tflite.QuantizationParametersAddScale(builder, scales)
    tflite.QuantizationParametersAddZeroPoint(builder, zero_points)
    quantization = tflite.QuantizationParametersEnd(builder)
    shape = _vector(builder, tflite.TensorStartShapeVector, "PrependInt32", [1, count])
    tflite.TensorStart(builder)
    tflite.TensorAddShape(builder, shape)
    tflite.TensorAddType(builder, tflite.TensorType.INT8)
    tflite.TensorAddQuantization(builder, quantization)
    return tflite.TensorEnd(builder)


def _tflite_model(count: int, scale: float) -> bytes:
    """A .tflite file of one SOFTMAX."""
    builder = flatbuffers.Builder()
    tflite.BufferStart(builder)
    buffers = _offsets(builder, tflite.ModelStartBuffersVector, [tflite.BufferEnd(builder)])
    tensors = [_tensor(builder, count, scale, 0), _tensor(builder, count, 1 / 256, -128)]
    tensors = _offsets(builder, tflite.SubGraphStartTensorsVector, tensors)
    tflite.SoftmaxOptionsStart(builder)
    tflite.SoftmaxOptionsAddBeta(builder, 1.0)
    options = tflite.SoftmaxOptionsEnd(builder)
    inputs = _vector(builder, tflite.OperatorStartInputsVector, "PrependInt32", [0])
    outputs = _vector(builder, tflite.OperatorStartOutputsVector, "PrependInt32", [1])
    tflite.OperatorStart(builder)
    tflite.OperatorAddInputs(builder, inputs)
    tflite.OperatorAddOutputs(builder, outputs)
    tflite.OperatorAddBuiltinOptionsType(builder, tflite.BuiltinOptions.SoftmaxOptions)
    tflite.OperatorAddBuiltinOptions(builder, options)
    operators = [tflite.OperatorEnd(builder)]
    operators = _offsets(builder, tflite.SubGraphStartOperatorsVector, operators)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    tflite.SubGraphAddInputs(builder, inputs)
    tflite.SubGraphAddOutputs(builder, outputs)
    tflite.SubGraphAddOperators(builder, operators)
    graphs = _offsets(builder, tflite.ModelStartSubgraphsVector, [tflite.SubGraphEnd(builder)])
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddBuiltinCode(builder, tflite.BuiltinOperator.SOFTMAX)
    tflite.OperatorCodeAddDeprecatedBuiltinCode(builder, tflite.BuiltinOperator.SOFTMAX)
    tflite.OperatorCodeAddVersion(builder, 2)
    codes = [tflite.OperatorCodeEnd(builder)]
    codes = _offsets(builder, tflite.ModelStartOperatorCodesVector, codes)
    tflite.ModelStart(builder)
    tflite.ModelAddVersion(builder, 3)
    tflite.ModelAddOperatorCodes(builder, codes)
    tflite.ModelAddSubgraphs(builder, graphs)
    tflite.ModelAddBuffers(builder, buffers)
    builder.Finish(tflite.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _engine(count: int, scale: float) -> Engine:
    """Attributes as TFLite's PreprocessSoftmaxScaling and CalculateInputRadius make them."""
    mantissa, shift = math.frexp(min(float(np.float32(scale)) * (1 << 26), (1 << 31) - 1.0))
    multiplier = round(mantissa * (1 << 31))
    if multiplier == 1 << 31:
        multiplier, shift = 1 << 30, shift + 1
    attributes = {
        "multiplier": multiplier,
        "shift": shift,
        "diff_min": -math.floor(31 * (1 << 26) / (1 << shift)),
    }
    tensors = (
        TensorSpec((1, count), "s8", name="x"),
        TensorSpec((1, count), "s8", -128, 1 / 256, name="y"),
    )
    model = ModelSpec(tensors, (NodeSpec("softmax", (0,), (1,), attributes),), (0,), (1,), 0)
    file = write_model(apply_plan(model, plan_memory(model)))
    return Engine(file, bytearray(needs(file)[0]), vectorized=False)


@pytest.mark.parametrize("count", [2, 3, 10, 12, 100, 300])
@pytest.mark.parametrize("scale", [2**-10, 0.003, 0.02, 0.0626, 0.1, 0.25, 1.0, 3.3, 7.9])
def test_equals_tflm(count: int, scale: float) -> None:
    reference = runtime.Interpreter.from_bytes(_tflite_model(count, scale))
    engine = _engine(count, scale)
    rng = np.random.default_rng(count)
    samples = [
        rng.integers(low, high, count) for low, high in ((-128, 128), (60, 90), (-128, -120))
    ]
    for x in [*samples, np.full(count, 7), np.arange(count) % 256 - 128]:
        x = x.astype(np.int8)
        reference.set_input(x[None], 0)
        reference.invoke()
        y = np.zeros(count, np.int8)
        engine.run(x, y)
        assert y.tolist() == reference.get_output(0)[0].tolist()
