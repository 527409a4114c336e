"""Products, quotients, differences and sums in TensorFlow Lite files.

Float ones are legalized as the ONNX operators that mean the same. In int8 files several nodes
compute in s16 what TensorFlow Lite Micro computes in one, with its roundings where it has them:
what follows is exact, as its numbers fit.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..ir import Node, QuantParams, Value, constant
from ..ops import legalizers, mean
from ..ops._build import Builder
from ..ops._layer import activation
from ..ops._requant import quantize_multiplier
from . import _tflite_tables as tables
from ._tflite_extremes import shaped
from ._tflite_images import Operator
from ._tflite_movement import build_outputs

_OPSET = 18
# mbqm(a, 2^30, 1) = a
_AS_IT_IS = (1 << 30, 1)
_INEXACT = (
    "of int8 rounds as no operator here does",
    "give the float model, which is quantized with operators that are here",
)
_S8, _S16 = (-128, 127), (-(1 << 15), (1 << 15) - 1)
# By so many bits TensorFlow Lite raises operands of a difference.
_DIFFERENCE_BITS = 7


def _legal(what: Operator, op: str, *inputs: Value, **attrs: Any) -> None:
    """This operator of a float graph as an ONNX operator."""
    source = Node(op, inputs, [Value(what.name, what.output.shape)], attrs, what.name)

    def make(build: Builder) -> Iterator[Value]:
        build.opset = _OPSET
        made = (module.legalize(source, build) for module in legalizers(op))
        yield next(value for value in made if value is not None)

    build_outputs(what, source, None, make)


def _factors(prefix: str, real: float) -> dict[str, int]:
    multiplier, shift = quantize_multiplier(real)
    return {f"{prefix}multiplier": multiplier, f"{prefix}shift": shift}


def _bounds(low: int, high: int) -> dict[str, int]:
    return {"activation_min": low, "activation_max": high}


def _quant(value: Value) -> QuantParams:
    assert value.quant is not None
    return value.quant


def _node(
    what: Operator, op: str, *inputs: Value, scale: float, zero_point: int = 0, **integers: int
) -> Value:
    """A node of s16 with all its integers."""
    shape = np.broadcast_shapes(*(value.shape for value in inputs))
    quant = QuantParams("s16", (scale,), (zero_point,))
    made = Value(what.graph.fresh_name(what.name), shape, quant=quant)
    what.graph.insert(Node(op, inputs, [made], {"integers": integers}, what.name))
    return made


def _wide(what: Operator, x: Value, bounds: tuple[int, int] = _S16) -> Value:
    """x in s16, less its zero point."""
    scale = _quant(x).scale[0]
    if x.is_constant:
        made = constant(what.graph.fresh_name(x.name), x.data)
        made.quant = QuantParams("s16", (scale,), (0,))
        return made
    return _node(what, "quantize", x, scale=scale, **_bounds(*bounds))


def _narrow(what: Operator, y: Value) -> None:
    """y's integers as the output's."""
    what.add("quantize", y, integers=_bounds(*_S8))


def _one_rank(what: Operator, *values: Value) -> list[Value]:
    rank = max(value.rank for value in values)
    return [shaped(what, v, (1,) * (rank - v.rank) + v.shape) for v in values]


def _squared_difference(what: Operator) -> None:
    x, k = _one_rank(what, what.input(0), what.input(1))
    if x.quant is None:
        if x.is_constant:
            x, k = k, x
        difference = Value(what.graph.fresh_name(what.name), np.broadcast_shapes(x.shape, k.shape))
        attrs = {"subtract": 1}
        if k.is_constant:
            k, attrs = what.constant(k, -k.data, None), {}
        what.graph.insert(Node("add", [x, k], [difference], attrs, what.name))
        what.add("table", difference, function=("mul", "x", "x"))
        return
    scales = _quant(x).scale[0], _quant(k).scale[0]
    twice, y = 2 * max(scales), _quant(what.output)
    subtracted = _factors("k_", scales[1] / twice)
    difference = _node(
        what,
        "add",
        _wide(what, x),
        _wide(what, k),
        scale=twice / (1 << _DIFFERENCE_BITS),
        left_shift=_DIFFERENCE_BITS,
        **_factors("x_", scales[0] / twice),
        k_multiplier=-subtracted["k_multiplier"],
        k_shift=subtracted["k_shift"],
        multiplier=_AS_IT_IS[0],
        shift=_AS_IT_IS[1],
        **_bounds(*_S16),
    )
    square = _node(
        what,
        "mul",
        difference,
        difference,
        scale=y.scale[0],
        zero_point=y.zero_point[0],
        **_factors("", twice * twice / ((1 << 2 * _DIFFERENCE_BITS) * y.scale[0])),
        **_bounds(*_S8),
    )
    _narrow(what, square)


def several_slopes(what: Operator, x: Value, slopes: Value) -> None:
    """PRELU: what is above zero and what is below, one of which is zero."""
    x, slopes = _one_rank(what, x, slopes)
    if x.quant is None:
        _legal(what, "PRelu", x, slopes)
        return
    y, steps = _quant(what.output), (_quant(x).scale[0], _quant(slopes).scale[0])
    above = _node(
        what,
        "quantize",
        x,
        scale=y.scale[0],
        **_factors("", steps[0] / y.scale[0]),
        **_bounds(0, _S16[1]),
    )
    below = _node(
        what,
        "mul",
        _wide(what, x, (_S16[0], 0)),
        _wide(what, slopes),
        scale=y.scale[0],
        **_factors("", steps[0] * steps[1] / y.scale[0]),
        **_bounds(*_S16),
    )
    both = _node(
        what,
        "add",
        above,
        below,
        scale=y.scale[0],
        zero_point=y.zero_point[0],
        left_shift=0,
        x_multiplier=_AS_IT_IS[0],
        x_shift=_AS_IT_IS[1],
        k_multiplier=_AS_IT_IS[0],
        k_shift=_AS_IT_IS[1],
        multiplier=_AS_IT_IS[0],
        shift=_AS_IT_IS[1],
        **_bounds(*_S8),
    )
    _narrow(what, both)


def from_a_constant(what: Operator, number: Value, x: Value, bounds: Mapping[str, float]) -> None:
    """SUB of x from a constant: 1 - z of a GRU."""
    if x.quant is None or number.quant is None:
        if bounds:
            raise what.refuse("has a fused activation", "put the activation behind it")
        _legal(what, "Sub", number, x)
        return
    real, y = float(number.data.reshape(-1)[0]), _quant(what.output)
    if len(np.unique(number.data)) > 1 or x.quant.dtype != "s8":
        raise what.refuse("starts from several constants", "turn its sides round")
    code = round(real / number.quant.scale[0])
    limits = activation(Node("table", [x], [Value("", (), quant=y)], dict(bounds)), y)
    entries = tables.subtracted(x.quant, y, code, number.quant)
    clamped = np.clip(entries, limits["activation_min"], limits["activation_max"])
    function = ("add", real, ("neg", "x"))
    what.add("table", x, function=function, entries=tuple(clamped.tolist()))


def _div(what: Operator) -> None:
    x, k = what.input(0), what.input(1)
    bounds = what.bounds(what.option("DivOptions", "FusedActivationFunction"))
    if x.quant is None or k.quant is None:
        if bounds:
            raise what.refuse("has a fused activation", "put the activation behind it")
        _legal(what, "Div", x, k)
        return
    if x.is_constant or not k.is_constant or len(np.unique(k.data)) > 1 or not k.data.all():
        raise what.refuse(
            "divides by more than one number, or by zero; with the reference's integers that is"
            " not supported",
            "multiply by reciprocals, or give the float model",
        )
    real = float(k.data.reshape(-1)[0])
    divisor = round(real / k.quant.scale[0])
    y = _quant(what.output)
    limits = activation(Node("table", [x], [Value("", (), quant=y)], bounds), y)
    entries = tables.divided(x.quant, y, divisor, k.quant.scale[0])
    clamped = np.clip(entries, limits["activation_min"], limits["activation_max"])
    what.add("table", x, function=("mul", "x", 1 / real), entries=tuple(clamped.tolist()))


def _batch_matmul(what: Operator) -> None:
    x, k = what.input(0), what.input(1)
    first, second = (what.option("BatchMatMulOptions", f"Adj{side}") for side in "XY")
    if first:
        x = _turned(what, x)
    if x.quant is None:
        _legal(what, "MatMul", x, _turned(what, k) if second else k)
        return
    if k.quant is None or k.quant.axis is not None:
        raise what.refuse("has a scale per channel", "convert with one scale for each operand")
    what.add("batch_matmul", x, k, transposed=int(second))


def _turned(what: Operator, x: Value) -> Value:
    """With its last axes exchanged."""
    perm = (*range(x.rank - 2), x.rank - 1, x.rank - 2)
    if x.is_constant:
        return what.constant(x, x.data.transpose(perm), None)
    shape = tuple(x.shape[axis] for axis in perm)
    made = Value(what.graph.fresh_name(f"{what.name}/turned"), shape, quant=x.quant)
    return what.graph.insert(Node("transpose", [x], [made], {"perm": perm}, what.name)).output


def _over_axes(total: int) -> Callable[[Operator], None]:
    def import_(what: Operator) -> None:
        x = what.input(0)
        axes = tuple(sorted({axis % x.rank for axis in what.numbers(1)}))
        what.add("mean", x, axes=axes, total=total)

    return import_


def _l2_normalization(what: Operator) -> None:
    if what.input(0).quant is not None:
        raise what.refuse(*_INEXACT)
    _legal(what, "LpNormalization", what.input(0))


def _log_softmax(what: Operator) -> None:
    x = what.input(0)
    if x.quant is not None:
        raise what.refuse(*_INEXACT)
    axis = {"axes": [x.rank - 1], "keepdims": 1}
    source = Node("ReduceLogSumExp", [x], [Value(what.name, (*x.shape[:-1], 1))], axis, what.name)

    def make(build: Builder) -> Iterator[Value]:
        total = mean.legalize(source, build)
        assert total is not None
        yield build.node("add", x, total, subtract=1)

    build_outputs(what, source, None, make)


def _condition(op: str) -> Callable[[Operator], None]:
    def import_(what: Operator) -> None:
        given = [what.input(i) for i in range(len(what.inputs))]
        if any(value.quant is not None for value in given):
            raise what.refuse("of int8 is not supported", _INEXACT[1])
        _legal(what, op, *given)

    return import_


ARITHMETIC: dict[str, Callable[[Operator], None]] = {
    "MEAN": _over_axes(0),
    "SUM": _over_axes(1),
    "SQUARED_DIFFERENCE": _squared_difference,
    "DIV": _div,
    "BATCH_MATMUL": _batch_matmul,
    "L2_NORMALIZATION": _l2_normalization,
    "LOG_SOFTMAX": _log_softmax,
    "GREATER": _condition("Greater"),
    "GREATER_EQUAL": _condition("GreaterOrEqual"),
    "LESS": _condition("Less"),
    "LESS_EQUAL": _condition("LessOrEqual"),
    "EQUAL": _condition("Equal"),
    "SELECT": _condition("Where"),
    "SELECT_V2": _condition("Where"),
}
