"""Maxima and minima in TensorFlow Lite files, of two operands and over axes.

Integers are compared as they are, so all must be on one scale, as the reference asks as well.
"""

from collections.abc import Callable
from math import prod

from ..ir import Node, Value, constant
from ._tflite_images import Operator


def _check_scale(what: Operator, *values: Value) -> None:
    y = what.output.quant
    for value in values:
        x = value.quant
        if (x is None) != (y is None) or (
            x and y and (x.scale, x.zero_point) != (y.scale, y.zero_point)
        ):
            raise what.refuse("compares integers of several scales", "convert the model anew")


def _shaped(what: Operator, x: Value, shape: tuple[int, ...]) -> Value:
    if x.shape == shape:
        return x
    if x.is_constant:
        made = constant(what.graph.fresh_name(x.name), x.data.reshape(shape))
        made.quant = x.quant
        return made
    made = Value(what.graph.fresh_name(x.name), shape, quant=x.quant)
    return what.graph.insert(Node("reshape", [x], [made], {}, what.name)).output


def _of_two(op: str) -> Callable[[Operator], None]:
    def import_(what: Operator) -> None:
        x, k = what.input(0), what.input(1)
        if x.is_constant:
            x, k = k, x
        _check_scale(what, x, k)
        rank = max(x.rank, k.rank)
        x, k = (_shaped(what, v, (1,) * (rank - v.rank) + v.shape) for v in (x, k))
        what.add(op, x, k)

    return import_


def _over_axes(minimum: int) -> Callable[[Operator], None]:
    def import_(what: Operator) -> None:
        x = what.input(0)
        _check_scale(what, x)
        axes = tuple(sorted({axis % x.rank for axis in what.numbers(1)}))
        if x.rank > 4:
            if axes != tuple(range(axes[0], x.rank)):
                raise what.refuse(f"reduces axes {axes} of {x.rank}", "use four axes at most")
            rows = prod(x.shape[: axes[0]])
            x, axes = _shaped(what, x, (rows, prod(x.shape) // rows)), (1,)
        what.add("reduce_max", x, axes=axes, minimum=minimum)

    return import_


EXTREMES: dict[str, Callable[[Operator], None]] = {
    "MAXIMUM": _of_two("maximum"),
    "MINIMUM": _of_two("minimum"),
    "REDUCE_MAX": _over_axes(0),
    "REDUCE_MIN": _over_axes(1),
}
