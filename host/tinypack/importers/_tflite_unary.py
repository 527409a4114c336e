"""Functions of one element in TensorFlow Lite files: tables.

In int8 files the entries are TensorFlow Lite Micro's own (_tflite_tables.py).
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from ..ir import QuantParams
from ..ops.table import Expression
from . import _tflite_tables as tables
from ._tflite_arithmetic import several_slopes
from ._tflite_images import Operator

_Entries = tuple[int, ...] | None
_Table = Callable[[QuantParams, QuantParams], _Entries]


def _add(what: Operator, function: Expression, table: _Table) -> None:
    x, y = what.input(0), what.output
    if x.quant is None or y.quant is None:
        what.add("table", x, function=function)
        return
    entries = table(x.quant, y.quant)
    if entries is None:
        raise what.refuse("has too small an output scale", "convert the model anew")
    what.add("table", x, function=function, entries=entries)


def quantize_function(what: Operator) -> None:
    """QUANTIZE of floats: what the converter has no integers for, as NEG and ELU, stands between
    DEQUANTIZE and QUANTIZE. Of one element it is a table all the same."""
    x, function = what.input(0), "x"
    node = x.producer
    if x.quant is None and node is not None and node.op == "table":
        x, function = node.input(0), node.attrs["function"]
    y = what.output.quant
    if x.quant is None or y is None or (x.quant.dtype, y.dtype) != ("s8", "s8"):
        raise what.refuse(
            "takes floats that the converter has left in the middle",
            "pack the float32 model, which is quantized whole",
        )
    what.add("table", x, function=function, entries=tables.of_floats(x.quant, y, function))


def _fixed(function: Expression, table: _Table) -> Callable[[Operator], None]:
    return lambda what: _add(what, function, table)


def _rounded(function: Expression) -> Callable[[Operator], None]:
    return _fixed(function, partial(tables.rounded, function=function))


def _leaky_relu(what: Operator) -> None:
    alpha = float(what.option("LeakyReluOptions", "Alpha"))
    _add(what, ("leaky_relu", "x", alpha), partial(tables.leaky_relu, alpha=alpha))


def _gelu(what: Operator) -> None:
    approximate = what.option("GeluOptions", "Approximate")
    _rounded(("gelu_tanh" if approximate else "gelu", "x"))(what)


def _prelu(what: Operator) -> None:
    """One slope is a table."""
    stored = what.input(1)
    if not stored.is_constant:
        raise what.refuse("takes its slopes at run time", "convert with constant slopes")
    if what.input(0).quant and not stored.quant:
        raise what.refuse("has a slope in floats", "convert all of the model to int8")
    slopes = np.unique(stored.data)
    if len(slopes) > 1:
        several_slopes(what, what.input(0), stored)
        return
    slope = float(slopes[0])
    step = stored.quant.scale[0] if stored.quant else 1.0
    _add(what, ("leaky_relu", "x", slope), partial(tables.prelu, slope=slope, step=step))


def _clamp(**bounds: float) -> Callable[[Operator], None]:
    return lambda what: what.add("quantize", what.input(0), **bounds)


UNARY: dict[str, Callable[[Operator], None]] = {
    "RELU": _clamp(activation_min=0.0),
    "RELU6": _clamp(activation_min=0.0, activation_max=6.0),
    "RELU_N1_TO_1": _clamp(activation_min=-1.0, activation_max=1.0),
    "LOGISTIC": _fixed(("sigmoid", "x"), tables.logistic),
    "TANH": _fixed(("tanh", "x"), tables.tanh),
    "HARD_SWISH": _fixed(("hard_swish", "x"), tables.hard_swish),
    "ABS": _fixed(("abs", "x"), tables.absolute),
    "RSQRT": _fixed(("pow", "x", -0.5), tables.rsqrt),
    "ELU": _rounded(("elu", "x")),
    "NEG": _rounded(("neg", "x")),
    "EXP": _rounded(("exp", "x")),
    "LOG": _rounded(("log", "x")),
    "SQRT": _rounded(("sqrt", "x")),
    "SQUARE": _rounded(("mul", "x", "x")),
    "SIN": _rounded(("sin", "x")),
    "COS": _rounded(("cos", "x")),
    "FLOOR": _rounded(("floor", "x")),
    "CEIL": _rounded(("ceil", "x")),
    "ROUND": _rounded(("round", "x")),
    "LEAKY_RELU": _leaky_relu,
    "PRELU": _prelu,
    "GELU": _gelu,
}
