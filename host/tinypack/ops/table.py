"""table: a function of one element, whatever it is.

`node.attrs["function"]` is an expression: "x", a number, or (name, operand, ...) with a name of
FUNCTIONS and operands that are expressions: ("mul", "x", ("sigmoid", "x")).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ir import Array, FloatArray, Node, Shape, Value
from ._build import Builder, constant_input
from ._condition import COMPARISONS, compared
from ._elementwise import operands
from ._layer import Layer, Quantized
from ._permuted import of_any_order

Expression = Any


def _erf(x: Array) -> Array:
    """Abramowitz and Stegun 7.1.26: off by less than 1.5e-7, a thousandth of a table's step."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    coefficients = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592, 0.0)
    result: Array = np.sign(x) * (1 - np.polyval(coefficients, t) * np.exp(-x * x))
    return result


def _sigmoid(x: Array) -> Array:
    result: Array = 0.5 * (1 + np.tanh(0.5 * x))
    return result


def _elu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _tanh_gelu(x: Array) -> Array:
    result: Array = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return result


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "mul": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
    "greater": lambda x, y: np.greater(x, y) * 1.0,
    "greater_equal": lambda x, y: np.greater_equal(x, y) * 1.0,
    "less": lambda x, y: np.less(x, y) * 1.0,
    "less_equal": lambda x, y: np.less_equal(x, y) * 1.0,
    "equal": lambda x, y: np.equal(x, y) * 1.0,
    "neg": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "reciprocal": np.reciprocal,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "tanh": np.tanh,
    "erf": _erf,
    "sigmoid": _sigmoid,
    "softplus": lambda x: np.logaddexp(x, 0),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "leaky_relu": lambda x, alpha: np.where(x < 0, alpha * x, x),
    "thresholded_relu": lambda x, alpha: np.where(x > alpha, x, 0),
    "elu": _elu,
    "celu": lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)),
    "selu": lambda x, alpha, gamma: gamma * _elu(x, alpha),
    "hard_sigmoid": lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1),
    "hard_swish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "gelu": lambda x: 0.5 * x * (1 + _erf(x * np.sqrt(0.5))),
    "gelu_tanh": _tanh_gelu,
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "shrink": lambda x, bias, lambd: np.where(
        x < -lambd, x + bias, np.where(x > lambd, x - bias, 0)
    ),
}

# ONNX operator: function, and its parameters as attributes with their defaults
_UNARY: dict[str, tuple[str, dict[str, float]]] = {
    "Neg": ("neg", {}),
    "Abs": ("abs", {}),
    "Sign": ("sign", {}),
    "Reciprocal": ("reciprocal", {}),
    "Exp": ("exp", {}),
    "Log": ("log", {}),
    "Sqrt": ("sqrt", {}),
    "Floor": ("floor", {}),
    "Ceil": ("ceil", {}),
    "Round": ("round", {}),
    "Sin": ("sin", {}),
    "Cos": ("cos", {}),
    "Tan": ("tan", {}),
    "Asin": ("asin", {}),
    "Acos": ("acos", {}),
    "Atan": ("atan", {}),
    "Sinh": ("sinh", {}),
    "Cosh": ("cosh", {}),
    "Asinh": ("asinh", {}),
    "Acosh": ("acosh", {}),
    "Atanh": ("atanh", {}),
    "Tanh": ("tanh", {}),
    "Erf": ("erf", {}),
    "Sigmoid": ("sigmoid", {}),
    "Softplus": ("softplus", {}),
    "Softsign": ("softsign", {}),
    "LeakyRelu": ("leaky_relu", {"alpha": 0.01}),
    "ThresholdedRelu": ("thresholded_relu", {"alpha": 1.0}),
    "Elu": ("elu", {"alpha": 1.0}),
    "Celu": ("celu", {"alpha": 1.0}),
    "Selu": ("selu", {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875}),
    "HardSigmoid": ("hard_sigmoid", {"alpha": 0.2, "beta": 0.5}),
    "HardSwish": ("hard_swish", {}),
    "Mish": ("mish", {}),
    "Shrink": ("shrink", {"bias": 0.0, "lambd": 0.5}),
}

# What a logarithm takes zero and below for.
_NEARLY_ZERO = 1e-3

ELEMENTWISE = True
ONNX = (*_UNARY, *COMPARISONS, "Gelu", "Not", "Swish", "Pow", "PRelu")


def legalize(node: Node, build: Builder) -> Value | None:
    if node.op in COMPARISONS:
        return compared(node, build)
    x = node.input(0)
    if node.op in _UNARY:
        name, parameters = _UNARY[node.op]
        values = (float(node.attrs.get(key, default)) for key, default in parameters.items())
        function: Expression = (name, "x", *values)
    elif node.op == "Gelu":
        function = ("gelu_tanh" if node.attrs.get("approximate") == "tanh" else "gelu", "x")
    elif node.op == "Not":
        function = ("equal", "x", 0.0)
    elif node.op == "Swish":
        function = ("mul", "x", ("sigmoid", ("mul", "x", float(node.attrs.get("alpha", 1.0)))))
    elif node.op == "Pow" and not _is_number(node.input(1)):
        return _power(*operands(node, build), build)
    else:
        parameter = constant_input(node, 1, "exponent" if node.op == "Pow" else "slope")
        if len(np.unique(parameter)) > 1:
            return _prelu(x, parameter, build)
        name = "pow" if node.op == "Pow" else "leaky_relu"
        function = (name, "x", float(parameter.reshape(-1)[0]))
    return build.node("table", x, function=function)


def _is_number(value: Value) -> bool:
    return value.is_constant and len(np.unique(value.data)) == 1


def _power(x: Value, k: Value, build: Builder) -> Value:
    """exp(k * log(x)), of positive x; others count as nearly 0."""
    logarithm = build.node("table", x, function=("log", ("max", "x", _NEARLY_ZERO)))
    product = build.node("mul", logarithm, k)
    return build.node("table", product, function=("exp", "x"))


def _prelu(x: Value, slope: Array, build: Builder) -> Value:
    """slope * x + (1 - slope) * relu(x), for slopes that differ by channel."""
    slope = slope.reshape((1,) * (x.rank - slope.ndim) + slope.shape)
    positive = build.node("quantize", x, activation_min=0.0)
    upper = build.node("mul", positive, build.constant(1 - slope, "upper"))
    return build.node("add", build.node("mul", x, build.constant(slope, "slope")), upper)


def infer_shape(node: Node) -> Shape:
    return node.input(0).shape


def float_(node: Node, x: FloatArray) -> FloatArray:
    return evaluate(node.attrs["function"], x)


def evaluate(function: Expression, x: Array) -> FloatArray:
    """In the precision of x; where a function has no value the result is 0.

    So is that of a part of the expression, for 0 times it is what a condition leaves of it.
    """
    with np.errstate(all="ignore"):
        result: FloatArray = np.asarray(_evaluate(function, x), x.dtype)
    return result


def _evaluate(function: Expression, x: Array) -> Any:
    if function == "x":
        return x
    if not isinstance(function, tuple):
        return x.dtype.type(function)
    name, *operands = function
    y = FUNCTIONS[name](*(_evaluate(operand, x) for operand in operands))
    return np.where(np.isnan(y), 0, y)


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    output = layer.own()
    wide = x.params.dtype == "s16"
    entries = np.arange(-(1 << 15), (1 << 15) + 1, 128) if wide else np.arange(-128, 128)
    exact = evaluate(layer.node.attrs["function"], x.scale * (entries - x.zero_point))
    codes = np.nan_to_num(np.rint(exact / output.scale[0]) + output.zero_point[0])
    table = np.clip(codes, *output.range).astype(np.int16 if wide else np.int8)
    return Quantized({}, output, layer.compute(x.actual), table=table)


permuted = of_any_order
