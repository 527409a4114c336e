"""int16x8 files: activations of 16 bits give exactly what TensorFlow Lite Micro gives, or are
refused. Its sums have 64 bits, and its multipliers of those 15."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
import tinypack
from tinyinfer import Model
from tinypack.errors import PackError
from tinypack.importers import tflite as importer

from tests.tflite_file import Tensor, constant, one_operator

tflm = pytest.importorskip("tflite_micro", reason="tflite-micro is not installed")

SCALE = np.float32(0.0003)
RUNS = 12
CONV = {"Padding": 1, "StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}
POOL = {"Padding": 1, "StrideH": 2, "StrideW": 2, "FilterHeight": 2, "FilterWidth": 2}
X = (1, 8, 8, 4)


def data(*shape: int, scale: float = SCALE) -> Tensor:
    return Tensor(shape, [scale], dtype="int16")


def numbers(*values: Any) -> Tensor:
    return constant(np.array(values, np.int32))


def layer(
    shape: tuple[int, ...], bias: type | None, axis: int = 0, scales: int = 0, most: int = 300000
) -> list[Tensor]:
    """Weights, and the bias."""
    rng = np.random.default_rng(3)
    channels = shape[axis]
    scale = rng.uniform(0.002, 0.01, scales or channels).astype(np.float32)
    weights = Tensor(shape, scale, 0, rng.integers(-127, 128, shape).astype(np.int8), axis)
    if bias is None:
        return [weights]
    values = rng.integers(-most, most, channels).astype(bias)
    return [weights, Tensor((channels,), scale * SCALE, 0, values)]


def packed(file: bytes, folder: Path) -> tinypack.Packed:
    path = folder / "model.tflite"
    path.write_bytes(file)
    return tinypack.pack(path)


def check(file: bytes, folder: Path) -> None:
    ours = Model(packed(file, folder).file)
    judge = tflm.runtime.Interpreter.from_bytes(file, arena_size=1 << 20)
    rng = np.random.default_rng(0)
    seen: set[int] = set()
    for run in range(RUNS):
        for index in range(len(ours.inputs)):
            details = judge.get_input_details(index)
            limits = np.iinfo(details["dtype"])
            x = rng.normal(0, limits.max / 3, details["shape"]).clip(limits.min, limits.max)
            if run % 4 == 0:
                x = rng.choice([limits.min, limits.max], details["shape"])
            judge.set_input(x.astype(details["dtype"]), index)
            ours.input(index)[:] = memoryview(x.astype(details["dtype"]).reshape(-1))
        judge.invoke()
        ours.run()
        expected = judge.get_output(0)
        assert bytes(ours.output(0)) == expected.tobytes()
        seen |= set(expected.reshape(-1).tolist())
    assert len(seen) > 40


@pytest.mark.parametrize("bias", [np.int64, np.int32, None])
@pytest.mark.parametrize("scale", [0.0001, 0.0007, 0.01])
def test_fully_connected(bias: type | None, scale: float, tmp_path: Path) -> None:
    parts = [data(3, 40), *layer((5, 40), bias, scales=1)]
    y = data(3, 5, scale=scale)
    check(one_operator("FULLY_CONNECTED", parts, y, "FullyConnectedOptions"), tmp_path)


@pytest.mark.parametrize("bias", [np.int64, np.int32, None])
@pytest.mark.parametrize(("scale", "activation"), [(1e-5, 0), (0.0006, 1), (0.01, 3)])
def test_conv_2d(bias: type | None, scale: float, activation: int, tmp_path: Path) -> None:
    parts, y = [data(*X), *layer((6, 3, 3, 4), bias)], data(1, 6, 6, 6, scale=scale)
    options = CONV | {"FusedActivationFunction": activation}
    check(one_operator("CONV_2D", parts, y, "Conv2DOptions", **options), tmp_path)


def test_depthwise_conv_2d(tmp_path: Path) -> None:
    parts = [data(*X), *layer((1, 3, 3, 4), np.int64, axis=3)]
    options = CONV | {"DepthMultiplier": 1}
    y = data(1, 6, 6, 4, scale=0.004)
    check(
        one_operator("DEPTHWISE_CONV_2D", parts, y, "DepthwiseConv2DOptions", **options), tmp_path
    )


@pytest.mark.parametrize("bias", [np.int64, None])
def test_transpose_conv(bias: type | None, tmp_path: Path) -> None:
    weights, *others = layer((5, 3, 3, 4), bias)
    parts = [numbers(1, 8, 8, 5), weights, data(1, 4, 4, 4), *others]
    options = {"StrideH": 2, "StrideW": 2, "Padding": 0}
    y = data(1, 8, 8, 5, scale=0.02)
    check(one_operator("TRANSPOSE_CONV", parts, y, "TransposeConvOptions", **options), tmp_path)


S8 = Tensor(X, [0.05], 3)
PAIR = [data(*X), data(*X, scale=0.0007)]
AXES = numbers(1, 2)
RELU = {"FusedActivationFunction": 1}
# fmt: off
EXACT: dict[str, tuple[str, list[Tensor], Tensor, str, dict[str, Any]]] = {
    "add": ("ADD", PAIR, data(*X, scale=0.0009), "AddOptions", {}),
    "add, relu": ("ADD", PAIR, data(*X, scale=0.0009), "AddOptions", RELU),
    "sub": ("SUB", PAIR, data(*X, scale=0.0009), "SubOptions", {}),
    "mul": ("MUL", PAIR, data(*X, scale=0.0009), "MulOptions", RELU),
    "maximum": ("MAXIMUM", [data(*X)] * 2, data(*X), "MaximumMinimumOptions", {}),
    "maximum pool": ("MAX_POOL_2D", [data(*X)], data(1, 4, 4, 4), "Pool2DOptions", POOL),
    "average pool": ("AVERAGE_POOL_2D", [data(*X)], data(1, 4, 4, 4), "Pool2DOptions", POOL),
    "mean": ("MEAN", [data(*X), AXES], data(1, 4, scale=0.00011), "ReducerOptions", {}),
    "sum": ("SUM", [data(*X), AXES], data(1, 4, scale=0.004), "ReducerOptions", {}),
    "relu6": ("RELU6", [data(*X)], data(*X), "AbsOptions", {}),
    "narrower": ("QUANTIZE", [data(*X)], Tensor(X, [0.05], 3), "QuantizeOptions", {}),
    "wider": ("QUANTIZE", [S8], data(*X, scale=0.0005), "QuantizeOptions", {}),
    "rescaled": ("QUANTIZE", [data(*X)], data(*X, scale=0.0005), "QuantizeOptions", {}),
    "reshape": ("RESHAPE", [data(*X)], data(1, 64, 4), "ReshapeOptions", {}),
    "concat": ("CONCATENATION", [data(*X)] * 2, data(1, 8, 8, 8), "ConcatenationOptions",
               {"Axis": 3}),
    "pad": ("PAD", [data(*X), numbers([0, 0], [1, 1], [2, 0], [0, 0])], data(1, 10, 10, 4),
            "PadOptions", {}),
}
# fmt: on


@pytest.mark.parametrize("name", EXACT)
def test_int16_is_what_tflm_gives(name: str, tmp_path: Path) -> None:
    op, parts, y, options, values = EXACT[name]
    check(one_operator(op, parts, y, options, **values), tmp_path)


def test_softmax_is_nearer_to_the_reals(tmp_path: Path) -> None:
    """Than the table that TensorFlow Lite Micro interpolates in."""
    y = data(1, 40, 10, scale=1 / 32768)
    file = one_operator("SOFTMAX", [data(1, 40, 10)], y, "SoftmaxOptions", Beta=1.0)
    made = packed(file, tmp_path)
    (warning,) = made.warnings
    assert "softmax of 16 bits" in warning and "by up to 0.001" in warning
    ours = Model(made.file)
    judge = tflm.runtime.Interpreter.from_bytes(file, arena_size=1 << 20)
    x = np.random.default_rng(0).normal(0, 12000, (1, 40, 10)).clip(-32768, 32767)
    judge.set_input(x.astype(np.int16), 0)
    judge.invoke()
    ours.run(x.astype(np.int16).reshape(-1))
    real = np.exp(np.trunc(x) * SCALE)
    real = (real / real.sum(-1, keepdims=True) * 32768).reshape(-1)
    theirs = judge.get_output(0).reshape(-1)
    assert np.abs(np.array(ours.output(0)) - real).max() < 0.6
    assert 1 < np.abs(theirs - real).max() < 33


# fmt: off
REFUSED: dict[str, tuple[str, list[Tensor], Tensor, str, str]] = {
    "rounds twice": ("FULLY_CONNECTED", [data(3, 40), *layer((5, 40), np.int64, scales=1)],
                     data(3, 5, scale=0.9), "FullyConnectedOptions", "too large a scale"),
    "long sums": ("FULLY_CONNECTED", [data(1, 2000), *layer((5, 2000), np.int64, scales=1)],
                  data(1, 5, scale=0.01), "FullyConnectedOptions", "more than 32 bits"),
    "long bias": ("FULLY_CONNECTED",
                  [data(1, 40), *layer((5, 40), np.int64, scales=1, most=1 << 40)],
                  data(1, 5, scale=0.01), "FullyConnectedOptions", "a bias of more than 32 bits"),
    "sigmoid": ("LOGISTIC", [data(*X)], data(*X), "AbsOptions", "LOGISTIC of int16 rounds"),
    "products": ("BATCH_MATMUL", [data(1, 3, 6), data(1, 6, 4)], data(1, 3, 4),
                 "BatchMatMulOptions", "BATCH_MATMUL of int16 rounds"),
}
# fmt: on


@pytest.mark.parametrize("name", REFUSED)
def test_what_rounds_otherwise_is_refused(name: str, tmp_path: Path) -> None:
    op, parts, y, options, message = REFUSED[name]
    with pytest.raises(PackError, match=f"{message}.*with --precision int16"):
        packed(one_operator(op, parts, y, options), tmp_path)


def test_operators_of_int16_are_operators() -> None:
    known = {name for name in vars(tflite.BuiltinOperator) if name.isupper()}
    assert set(importer._OF_INT16) <= known
