"""SVDF of int8 .tflite files gives exactly what TensorFlow Lite Micro gives, step after step, and
float ones are quantized."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tinypack
from tinyinfer import Model
from tinypack.errors import PackError
from tinypack.samples import Samples

from tests.host.importers.tflm import outputs
from tests.tflite_file import Operator, Tensor, constant, model, one_operator

STEPS = 30
# batch, inputs, units, rank, memory, type of the state, output's zero point, fused activation
CASES = [
    (1, 8, 4, 1, 6, "int16", -3, 0),
    (1, 40, 16, 2, 10, "int16", -128, 1),
    (2, 5, 3, 4, 1, "int16", 0, 0),
    (1, 8, 4, 2, 6, "int8", 11, 0),
    (3, 7, 5, 1, 3, "int8", -128, 1),
]
# Of a state of int8: what stands beyond its end comes out at the other one.
ZERO_POINTS = [-50, 37, -128, 127]
Case = tuple[int, int, int, int, int, str, int, int]


def _tensors(case: Case) -> list[Tensor]:
    batch, inputs, units, rank, memory, kind, zero_point, _ = case
    rng = np.random.default_rng(inputs)
    filters, limit = units * rank, 127 if kind == "int8" else 511
    x_scale, weight_scale = 0.021, 0.0083
    # A filter's numbers reach beyond the state's type now and then.
    state_scale = x_scale * weight_scale * 74 * 74 * inputs**0.5 * 2.5 / np.iinfo(kind).max
    time_scale = 0.0017
    weights = rng.integers(-127, 128, (filters, inputs)).astype(np.int8)
    of_time = rng.integers(-limit, limit + 1, (filters, memory)).astype(kind)
    step = state_scale * time_scale
    spread = step * np.iinfo(kind).max / 2 * limit / 2 * (rank * memory) ** 0.5
    bias = rng.integers(-(1 << 13), 1 << 13, units).astype(np.int32)
    return [
        Tensor((batch, inputs), [x_scale], -7),
        constant(weights, [weight_scale]),
        constant(of_time, [time_scale]),
        constant(bias, [step]),
        Tensor((batch, filters * memory), [state_scale], 0, state=kind),
        Tensor((batch, units), [spread / 40], zero_point),
    ]


def _file(tensors: list[Tensor], rank: int, activation: int = 0) -> bytes:
    options = {"Rank": rank, "FusedActivationFunction": activation}
    return model(tensors, [Operator("SVDF", range(5), [5], "SVDFOptions", options, 3)])


@pytest.mark.parametrize("zero_point", ZERO_POINTS)
@pytest.mark.parametrize("number", [3, 4])
def test_states_with_a_zero_point(number: int, zero_point: int, tmp_path: Path) -> None:
    tensors = _tensors(CASES[number])
    tensors[4] = replace(tensors[4], zero_point=zero_point)
    file = _file(tensors, CASES[number][3])
    seen = set()
    for actual, expected in outputs(file, tmp_path, runs=STEPS):
        assert actual.tolist() == expected.tolist()
        seen.add(tuple(actual.tolist()))
    assert len(seen) > STEPS // 2


@pytest.mark.parametrize("case", CASES)
def test_int8_is_what_tflm_gives(case: Case, tmp_path: Path) -> None:
    seen = set()
    file = _file(_tensors(case), case[3], case[7])
    for actual, expected in outputs(file, tmp_path, runs=STEPS):
        assert actual.tolist() == expected.tolist()
        seen.add(tuple(actual.tolist()))
    assert len(seen) > STEPS // 2


# Where float32 and doubles give another integer: scales of inputs, weights, state, time, output;
# inputs, weights, bias and what comes out, with a zero point of 0 everywhere.
CLOSE = [
    (
        (0.0114, 0.0439, 0.000448, 0.01, 4.48e-06),
        ([-27, 33, 121, -113], [34, -82, -76, 109], 28081, 1),
    ),
    ((0.01, 0.01, 1.14e-05, 0.000153, 0.001), ([0], [1], -6593280, -11)),
]


@pytest.mark.parametrize(("scales", "numbers"), CLOSE)
def test_scales_are_multiplied_in_doubles(
    scales: tuple[float, ...], numbers: tuple[list[int], list[int], int, int], tmp_path: Path
) -> None:
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    x, weights, bias, expected = numbers
    tensors = [
        Tensor((1, len(x)), [scales[0]]),
        constant(np.array([weights], np.int8), [scales[1]]),
        constant(np.array([[1]], np.int16), [scales[3]]),
        constant(np.array([bias], np.int32), [scales[2] * scales[3]]),
        Tensor((1, 1), [scales[2]], state="int16"),
        Tensor((1, 1), [scales[4]]),
    ]
    path = tmp_path / "model.tflite"
    path.write_bytes(_file(tensors, 1))
    judge = runtime.Interpreter.from_bytes(path.read_bytes())
    judge.set_input(np.array([x], np.int8), 0)
    judge.invoke()
    ours = Model(tinypack.pack(path).file)
    ours.run(np.array(x, np.int8))
    assert ours.output()[0] == judge.get_output(0)[0, 0] == expected


@pytest.mark.parametrize("number", [3, 2])
def test_two_layers(number: int, tmp_path: Path) -> None:
    """Each has a state of its own."""
    first = _tensors((*CASES[number][:6], 5, 0))
    size = first[-1].shape[1]
    second = _tensors((first[0].shape[0], size, 3, 2, 4, "int16", 9, 0))
    tensors = [*first, *second[1:]]
    options = {"Rank": CASES[number][3], "FusedActivationFunction": 0}
    layers = [
        Operator("SVDF", range(5), [5], "SVDFOptions", options, 3),
        Operator("SVDF", range(5, 10), [10], "SVDFOptions", options | {"Rank": 2}, 3),
    ]
    for actual, expected in outputs(model(tensors, layers), tmp_path, runs=STEPS):
        assert actual.tolist() == expected.tolist()


def test_reset_forgets(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(_file(_tensors(CASES[0]), CASES[0][3]))
    ours = Model(tinypack.pack(path).file)
    x = np.random.default_rng(2).integers(-128, 128, (9, 8)).astype(np.int8)

    def sequence() -> list[bytes]:
        found = []
        for step in x:
            ours.run(step)
            found.append(bytes(ours.output()))
        return found

    first, second = sequence(), sequence()
    ours.reset()
    assert first != second and sequence() == first


@pytest.mark.parametrize(
    ("index", "change", "message"),
    [
        (4, {"zero_point": 3}, "zero point"),
        (1, {"zero_point": 3}, "zero point"),
        (4, {"state": "int8"}, "state of s8"),
        (2, {"data": None}, "at run time"),
        (2, {"scale": ()}, "without a scale"),
    ],
)
def test_others_are_refused(index: int, change: dict, message: str, tmp_path: Path) -> None:
    tensors = _tensors(CASES[0])
    tensors[index] = replace(tensors[index], **change)
    path = tmp_path / "model.tflite"
    path.write_bytes(_file(tensors, 1))
    with pytest.raises(PackError, match=message):
        tinypack.pack(path)


def _float_file(rng: np.random.Generator, activation: int) -> bytes:
    inputs, units, rank, memory = 12, 6, 2, 8

    def normal(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    tensors = [
        Tensor((1, inputs), dtype="float32"),
        constant(normal(units * rank, inputs)),
        constant(normal(units * rank, memory)),
        constant(normal(units)),
        Tensor((1, units * rank * memory), state="float32"),
        Tensor((1, units), dtype="float32"),
    ]
    return _file(tensors, rank, activation)


@pytest.mark.parametrize(
    ("precision", "activation", "decibels"),
    [("int8", 0, 36), ("int8", 1, 38), ("int16", 1, 45), ("int4", 0, 18)],
)
def test_float_is_quantized(
    precision: str, activation: int, decibels: float, tmp_path: Path
) -> None:
    """A sequence, as TensorFlow Lite Micro's float kernel computes it."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    rng = np.random.default_rng(5)
    file = _float_file(rng, activation)
    path = tmp_path / "model.tflite"
    path.write_bytes(file)
    x = np.cumsum(rng.normal(0, 0.4, (200, 1, 12)), 0).astype(np.float32)
    packed = tinypack.pack(path, Samples(x), precision=precision)
    ours, judge = Model(packed.file), runtime.Interpreter.from_bytes(file)
    y, expected = np.zeros(6, np.float32), []
    actual = []
    for step in x:
        judge.set_input(step, 0)
        judge.invoke()
        expected.append(judge.get_output(0).reshape(-1).copy())
        ours.run(step.reshape(-1), y)
        actual.append(y.copy())
    error = np.square(np.subtract(actual, expected)).sum()
    ratio = 10 * np.log10(np.square(expected).sum() / error)
    assert ratio > decibels
    assert packed.noise == pytest.approx([ratio], abs=0.5)
    # The report is of the same sequence.
    assert packed.accuracy is not None and packed.accuracy.agreement is not None
    same = np.argmax(actual, 1) == np.argmax(expected, 1)
    assert packed.accuracy.agreement == pytest.approx(float(np.mean(same)))


def test_tensors_without_names_are_numbered(tmp_path: Path) -> None:
    """As in keyword spotters of TensorFlow Lite Micro."""
    path = tmp_path / "model.tflite"
    path.write_bytes(_file([replace(t, name=None) for t in _tensors(CASES[0])], CASES[0][3]))
    packed = tinypack.pack(path)
    assert [packed.model.tensors[i].name for i in packed.model.inputs] == ["tensor0"]


@pytest.mark.parametrize(
    ("op", "scale", "kind"), [("SOFTMAX", 1 / 65536, "int16"), ("QUANTIZE", 0.01, "int32")]
)
def test_types_that_no_operator_gives_are_refused(
    op: str, scale: float, kind: str, tmp_path: Path
) -> None:
    x, y = Tensor((1, 9), [0.1], 3), Tensor((1, 9), [scale], dtype=kind)
    values = {"Beta": 1.0} if op == "SOFTMAX" else {}
    path = tmp_path / "model.tflite"
    path.write_bytes(one_operator(op, [x], y, f"{op.title()}Options", **values))
    with pytest.raises(PackError, match=f"{op.lower()} of s8 gives s{kind[3:]}; convert"):
        tinypack.pack(path)
