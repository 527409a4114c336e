"""Maxima and minima in TensorFlow Lite files, of two operands and over axes, and where they are.

Integers are compared as they are, so all must be on one scale, as the reference asks as well.
"""

from collections.abc import Callable, Iterator
from math import prod

from ..ir import Node, Value, constant
from ..ops._build import Builder
from ..ops._layer import INDEX
from ._tflite_images import Operator
from ._tflite_movement import build_outputs


def _check_scale(what: Operator, *values: Value) -> None:
    y = what.output.quant
    for value in values:
        x = value.quant
        if (x is None) != (y is None) or (
            x and y and (x.scale, x.zero_point) != (y.scale, y.zero_point)
        ):
            raise what.refuse("compares integers of several scales", "convert the model anew")


def shaped(what: Operator, x: Value, shape: tuple[int, ...]) -> Value:
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
        x, k = (shaped(what, v, (1,) * (rank - v.rank) + v.shape) for v in (x, k))
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
            x, axes = shaped(what, x, (rows, prod(x.shape) // rows)), (1,)
        what.add("reduce_max", x, axes=axes, minimum=minimum)

    return import_


def _arg(minimum: int) -> Callable[[Operator], None]:
    def import_(what: Operator) -> None:
        x, (axis,) = what.input(0), what.numbers(1)
        rest = tuple(i for i in range(x.rank) if i != axis % x.rank)

        def make(build: Builder) -> Iterator[Value]:
            rows = build.transpose(x, (*rest, axis % x.rank))
            yield _indices(build.node("arg_max", rows, minimum=minimum, select_last=0))

        _build(what, make)

    return import_


def _top_k(what: Operator) -> None:
    """TensorFlow Lite Micro has none; of integers there is but one result."""
    x, (k,) = what.input(0), what.numbers(1)

    def make(build: Builder) -> Iterator[Value]:
        yield build.node("top_k", x, k=k, minimum=0, indices=0)
        yield _indices(build.node("top_k", x, k=k, minimum=0, indices=1))

    _build(what, make)


def _build(what: Operator, make: Callable[[Builder], Iterator[Value]]) -> None:
    x = what.input(0)
    what.outputs[-1].quant = INDEX if x.quant else None
    source = Node(what.op, [x], [Value(what.name, what.outputs[0].shape)], {}, what.name)
    build_outputs(what, source, x.quant, make)


def _indices(made: Value) -> Value:
    if made.quant is not None:
        made.quant = INDEX
    return made


EXTREMES: dict[str, Callable[[Operator], None]] = {
    "MAXIMUM": _of_two("maximum"),
    "MINIMUM": _of_two("minimum"),
    "REDUCE_MAX": _over_axes(0),
    "REDUCE_MIN": _over_axes(1),
    "ARG_MAX": _arg(0),
    "ARG_MIN": _arg(1),
    "TOPK_V2": _top_k,
}
