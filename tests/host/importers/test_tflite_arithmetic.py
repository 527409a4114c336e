"""Differences, quotients, products and sums: int8 files give exactly what TensorFlow Lite Micro
gives, float ones are quantized."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tinypack
from tinyinfer import Model
from tinypack.errors import PackError
from tinypack.samples import Samples

from tests.tflite_file import Tensor, constant, one_operator

tflm = pytest.importorskip("tflite_micro", reason="tflite-micro is not installed")

RUNS = 40


def data(*shape: int, scale: float = 0.1, zero_point: int = 3) -> Tensor:
    return Tensor(shape, [scale], zero_point)


def codes(*shape: int, scale: float = 0.1, zero_point: int = 0) -> Tensor:
    values = np.random.default_rng(9).integers(-128, 128, shape).astype(np.int8)
    return Tensor(shape, [scale], zero_point, values)


def indices(*shape: int) -> Tensor:
    return Tensor(shape, dtype="int32")


def numbers(*values: int) -> Tensor:
    return constant(np.array(values, np.int32))


def packed(file: bytes, folder: Path, *samples: Any, **options: Any) -> tinypack.Packed:
    path = folder / "model.tflite"
    path.write_bytes(file)
    return tinypack.pack(path, *samples, **options)


def check(file: bytes, folder: Path) -> None:
    """Random inputs, and extremes; more than one result."""
    ours, judge = Model(packed(file, folder).file), tflm.runtime.Interpreter.from_bytes(file)
    rng = np.random.default_rng(0)
    seen = set()
    for run in range(RUNS):
        for index in range(len(ours.inputs)):
            shape = judge.get_input_details(index)["shape"]
            x = rng.integers(-128, 128, shape) if run % 4 else rng.choice([-128, 127], shape)
            judge.set_input(x.astype(np.int8), index)
            ours.input(index)[:] = memoryview(x.astype(np.int8).reshape(-1))
        judge.invoke()
        ours.run()
        assert bytes(ours.output(0)) == judge.get_output(0).tobytes()
        seen.add(bytes(ours.output(0)))
    assert len(seen) > RUNS // 4


SHAPE = (1, 4, 5, 3)


@pytest.mark.parametrize(
    ("parts", "output"),
    [
        ([data(*SHAPE), data(*SHAPE, zero_point=-40)], (0.7, -128)),
        ([data(*SHAPE, scale=0.0371), data(*SHAPE, scale=0.2)], (0.45, -90)),
        ([data(*SHAPE, scale=0.2), data(1, 1, 1, 3, scale=0.0371, zero_point=-128)], (0.9, 5)),
        ([data(*SHAPE), codes(1, 1, 1, 3, scale=0.03, zero_point=7)], (0.3, -128)),
        ([codes(3, scale=0.13), data(*SHAPE, scale=0.07)], (0.01, -128)),
    ],
)
def test_squared_difference(
    parts: list[Tensor], output: tuple[float, int], tmp_path: Path
) -> None:
    y = data(*SHAPE, scale=output[0], zero_point=output[1])
    check(one_operator("SQUARED_DIFFERENCE", parts, y, "SquaredDifferenceOptions"), tmp_path)


@pytest.mark.parametrize("scale", [0.011, 0.24, 1.9])
@pytest.mark.parametrize(
    ("axes", "shape"),
    [((1, 2), (1, 3)), ((-1,), (1, 4, 5)), ((3, 1), (1, 5)), ((2,), (1, 4, 3))],
)
def test_sum(axes: tuple[int, ...], shape: tuple[int, ...], scale: float, tmp_path: Path) -> None:
    y = data(*shape, scale=scale, zero_point=-11)
    file = one_operator("SUM", [data(*SHAPE), numbers(*axes)], y, "ReducerOptions", KeepDims=False)
    check(file, tmp_path)


@pytest.mark.parametrize("op", ["ARG_MAX", "ARG_MIN"])
@pytest.mark.parametrize(("axis", "shape"), [(-1, (1, 4, 5)), (1, (1, 5, 3)), (2, (1, 4, 3))])
def test_arg(op: str, axis: int, shape: tuple[int, ...], tmp_path: Path) -> None:
    parts = [data(*SHAPE), numbers(axis)]
    options = "ArgMaxOptions" if op == "ARG_MAX" else "ArgMinOptions"
    file = one_operator(op, parts, indices(*shape), options, OutputType=2)
    check(file, tmp_path)


@pytest.mark.parametrize(("parts", "output"), [([data(2, 9), numbers(4)], (2, 4))])
def test_top_k(parts: list[Tensor], output: tuple[int, ...], tmp_path: Path) -> None:
    """As numpy's stable order says, since TensorFlow Lite Micro has none."""
    outputs = [data(*output), indices(*output)]
    ours = Model(packed(one_operator("TOPK_V2", parts, outputs, "TopKV2Options"), tmp_path).file)
    for seed in range(RUNS):
        x = np.random.default_rng(seed).integers(-4, 5, (2, 9)).astype(np.int8)
        ours.run(x.reshape(-1))
        order = np.argsort(-x, axis=1, kind="stable")[:, :4]
        assert list(ours.output(1)) == order.reshape(-1).tolist()
        assert list(ours.output(0)) == np.take_along_axis(x, order, 1).reshape(-1).tolist()


@pytest.mark.parametrize("adjoint", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("stacks", [((3,), (3,)), ((1, 3), (2, 1)), ((), (2,))])
@pytest.mark.parametrize("fixed", [False, True])
def test_batch_matmul(
    adjoint: tuple[int, int], stacks: tuple[tuple[int, ...], ...], fixed: bool, tmp_path: Path
) -> None:
    matrices = [(4, 7)[:: -1 if adjoint[0] else 1], (7, 5)[:: -1 if adjoint[1] else 1]]
    shapes = [stack + matrix for stack, matrix in zip(stacks, matrices, strict=True)]
    parts = [data(*shapes[0], scale=0.07), data(*shapes[1], scale=0.03, zero_point=-20)]
    if fixed:
        parts[1] = codes(*shapes[1], scale=0.03, zero_point=-20)
    y = data(*np.broadcast_shapes(*stacks), 4, 5, scale=0.61, zero_point=9)
    options = {"AdjX": bool(adjoint[0]), "AdjY": bool(adjoint[1])}
    check(one_operator("BATCH_MATMUL", parts, y, "BatchMatMulOptions", 4, **options), tmp_path)


@pytest.mark.parametrize(
    ("divisor", "scale", "activation"),
    [(7, 0.31, 0), (-90, 0.02, 0), (1, 0.9, 1), (127, 0.011, 3), (-128, 0.05, 0), (64, 0.2, 0)],
)
def test_div_by_a_number(divisor: int, scale: float, activation: int, tmp_path: Path) -> None:
    k = Tensor((1,), [0.13], 0, np.array([divisor], np.int8))
    x, y = data(1, 256, scale=0.21), data(1, 256, scale=scale, zero_point=-5)
    options = {"FusedActivationFunction": activation}
    file = one_operator("DIV", [x, k], y, "DivOptions", 2, **options)
    codes = np.arange(-128, 128).astype(np.int8)
    ours, judge = Model(packed(file, tmp_path).file), tflm.runtime.Interpreter.from_bytes(file)
    ours.run(codes)
    judge.set_input(codes[None], 0)
    judge.invoke()
    actual, expected = np.array(ours.output(0)), judge.get_output(0)[0]
    # The reference shifts by more than 31, which C leaves undefined, what is zero then.
    shifted_out = np.abs((codes - 3.0) * 0.21 / (divisor * 0.13) / scale) < 0.5
    assert np.all((actual == expected) | shifted_out)
    assert np.all(actual[shifted_out] == -5)
    assert shifted_out.mean() < 0.05 and len(set(actual.tolist())) > 20


@pytest.mark.parametrize(
    ("slopes", "x", "y"),
    [
        (codes(1, 1, 3, scale=0.004), data(*SHAPE), data(*SHAPE, scale=0.05, zero_point=-20)),
        (codes(4, 5, 3, scale=0.01, zero_point=7), data(*SHAPE), data(*SHAPE, scale=0.13)),
        (
            codes(3, scale=0.002),
            data(*SHAPE, zero_point=-128),
            data(*SHAPE, scale=0.1, zero_point=-128),
        ),
        (
            codes(1, 1, 3, scale=0.2),
            data(*SHAPE, scale=0.9),
            data(*SHAPE, scale=0.003, zero_point=127),
        ),
    ],
)
def test_prelu_of_several_slopes(slopes: Tensor, x: Tensor, y: Tensor, tmp_path: Path) -> None:
    check(one_operator("PRELU", [x, slopes], y, "AbsOptions"), tmp_path)


@pytest.mark.parametrize(
    ("op", "parts", "options"),
    [
        ("DIV", [data(1, 4), data(1, 4)], "DivOptions"),
        ("DIV", [data(1, 4), codes(1, 4)], "DivOptions"),
        ("L2_NORMALIZATION", [data(1, 4)], "L2NormOptions"),
        ("LOG_SOFTMAX", [data(1, 4)], "LogSoftmaxOptions"),
    ],
)
def test_what_rounds_otherwise_is_refused(
    op: str, parts: list[Tensor], options: str, tmp_path: Path
) -> None:
    with pytest.raises(PackError, match=f"{op} .*give the float model"):
        packed(one_operator(op, parts, data(1, 4), options), tmp_path)


def reals(*shape: int, at: float = 0.0) -> Tensor:
    values = np.random.default_rng(4).normal(at, 0.5, shape).astype(np.float32)
    return constant(values)


def floats(*shape: int) -> Tensor:
    return Tensor(shape, dtype="float32")


FLOATS = [
    ("SQUARED_DIFFERENCE", [floats(1, 6, 8), reals(8)], (1, 6, 8), "SquaredDifferenceOptions", {}),
    ("SUM", [floats(1, 6, 8), numbers(1)], (1, 8), "ReducerOptions", {}),
    ("DIV", [floats(1, 6, 8), reals(8, at=3.0)], (1, 6, 8), "DivOptions", {}),
    ("BATCH_MATMUL", [floats(1, 6, 8), reals(8, 5)], (1, 6, 5), "BatchMatMulOptions", {}),
    (
        "BATCH_MATMUL",
        [floats(1, 6, 8), reals(5, 8)],
        (1, 6, 5),
        "BatchMatMulOptions",
        {"AdjY": True},
    ),
    (
        "BATCH_MATMUL",
        [floats(1, 8, 6), reals(1, 8, 5)],
        (1, 6, 5),
        "BatchMatMulOptions",
        {"AdjX": True},
    ),
    ("L2_NORMALIZATION", [floats(1, 6, 8)], (1, 6, 8), "L2NormOptions", {}),
    ("LOG_SOFTMAX", [floats(1, 6, 8)], (1, 6, 8), "LogSoftmaxOptions", {}),
    ("PRELU", [floats(1, 6, 8), reals(8)], (1, 6, 8), "AbsOptions", {}),
]


@pytest.mark.parametrize(("op", "parts", "shape", "options", "values"), FLOATS)
def test_float_is_quantized(
    op: str,
    parts: list[Tensor],
    shape: tuple[int, ...],
    options: str,
    values: dict[str, Any],
    tmp_path: Path,
) -> None:
    version = 4 if op == "BATCH_MATMUL" else 1
    file = one_operator(op, parts, floats(*shape), options, version, **values)
    x = np.random.default_rng(3).normal(0, 1.5, (200, *parts[0].shape[1:])).astype(np.float32)
    ours = Model(packed(file, tmp_path, Samples(x)).file)
    judge = tflm.runtime.Interpreter.from_bytes(file)
    y, power, error = np.zeros(int(np.prod(shape)), np.float32), 0.0, 0.0
    for sample in x[:RUNS]:
        judge.set_input(sample[None], 0)
        judge.invoke()
        ours.run(sample.reshape(-1), y)
        expected = judge.get_output(0).reshape(-1)
        power += np.square(expected).sum()
        error += np.square(y - expected).sum()
    assert 10 * np.log10(power / error) > 26, 10 * np.log10(power / error)


def test_float_arg_max(tmp_path: Path) -> None:
    parts = [floats(1, 6, 8), numbers(1)]
    file = one_operator("ARG_MAX", parts, indices(1, 8), "ArgMaxOptions", OutputType=2)
    x = np.random.default_rng(3).normal(0, 1.5, (200, 6, 8)).astype(np.float32)
    ours = Model(packed(file, tmp_path, Samples(x)).file)
    right = 0
    for sample in x[:RUNS]:
        ours.run(sample.reshape(-1))
        right += int((np.array(ours.output(0)) == sample.argmax(0)).sum())
    assert right > 0.97 * RUNS * 8
