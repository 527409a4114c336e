"""Operators of TensorFlow Lite that only move elements, by the functions that build them for ONNX.

Functions take the operator as tflite.py presents it and a Builder; they give its outputs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from ..errors import PackError
from ..ir import Array, Graph, Node, QuantParams, Value, constant
from ..ops._build import Builder
from ..ops._views import take, view, whole
from ..ops.concat import join
from ..ops.transpose import depth_to_space, space_to_depth


class Operator(Protocol):
    """What is asked of an operator of a file."""

    graph: Graph
    op: str
    name: str
    inputs: Sequence[Value | None]
    outputs: Sequence[Value]

    def input(self, index: int) -> Value: ...
    def numbers(self, index: int) -> list[int]: ...
    def option(self, table: str, field: str) -> Any: ...
    def refuse(self, reason: str, remedy: str) -> PackError: ...


class _Builder(Builder):
    """Gives all that it builds the integers that go in."""

    def __init__(self, graph: Graph, node: Node, quant: QuantParams | None) -> None:
        super().__init__(graph, node)
        self.quant = quant

    def node(self, op: str, *inputs: Value, **attrs: Any) -> Value:
        return self._quantized(super().node(op, *inputs, **attrs))

    def constant(self, array: Array, purpose: str) -> Value:
        return self._quantized(constant(self._fresh(purpose), array))

    def _reshaped(self, x: Value, shape: Sequence[int]) -> Value:
        return self._quantized(super()._reshaped(x, shape))

    def _quantized(self, value: Value) -> Value:
        value.quant = self.quant
        return value


def import_movement(what: Operator) -> None:
    """Adds the nodes of an operator of MOVEMENTS."""
    data = [what.input(i) for i in _data(what)]
    for value in (*data, *what.outputs):
        if _integers(value) != _integers(what.outputs[0]):
            raise what.refuse(
                "changes the scale of integers that it should only move",
                "convert the model with a newer TensorFlow",
            )
    source = Node(what.op, data, [Value(what.graph.fresh_name(what.name), ())], {}, what.name)
    build_outputs(
        what, source, what.outputs[0].quant, lambda build: MOVEMENTS[what.op](what, build)
    )


def build_outputs(
    what: Operator,
    source: Node,
    quant: QuantParams | None,
    make: Callable[[Builder], Iterable[Value]],
) -> None:
    """The operator's outputs are what `make` builds in place of `source`, out of values that have
    the integers `quant`."""
    what.graph.insert(source)
    build = _Builder(what.graph, source, quant)
    for output, made in zip(what.outputs, make(build), strict=True):
        if np.prod(made.shape) != np.prod(output.shape):
            raise what.refuse(f"gives {made.shape}, not {output.shape}", "convert the model anew")
        _name(what, build, made, output)
    what.graph.remove(source)


def _name(what: Operator, build: Builder, made: Value, output: Value) -> None:
    """Makes the file's own value of what the last node gives, or of a copy."""
    own = made.producer is not None and made.producer.name == what.name and not made.uses
    if not own or made.shape != output.shape:
        same = made.shape == output.shape
        made = build.copy(made) if same else build.reshape(made, output.shape)
    node = made.producer
    assert node is not None
    node.outputs = (output,)
    output.producer = node


def _integers(value: Value) -> tuple[Any, ...] | None:
    return (value.quant.scale, value.quant.zero_point) if value.quant else None


def _data(what: Operator) -> Sequence[int]:
    if what.op in ("CONCATENATION", "PACK"):
        return range(len(what.inputs))
    return (1,) if what.op == "SPLIT" else (0,)


def _concatenation(what: Operator, build: Builder) -> Iterator[Value]:
    if what.option("ConcatenationOptions", "FusedActivationFunction"):
        raise what.refuse("has a fused activation", "put the activation before it")
    rank = what.outputs[0].rank
    axis = what.option("ConcatenationOptions", "Axis") % rank
    yield join(build, [what.input(i) for i in range(len(what.inputs))], axis)


def _pack(what: Operator, build: Builder) -> Iterator[Value]:
    axis = what.option("PackOptions", "Axis") % what.outputs[0].rank
    parts = [what.input(i) for i in range(len(what.inputs))]
    yield join(
        build,
        [build.reshape(x, (*x.shape[:axis], 1, *x.shape[axis:])) for x in parts],
        axis,
    )


def _parts(build: Builder, x: Value, axis: int, sizes: Sequence[int]) -> Iterator[Value]:
    ends = [sum(sizes[:count]) for count in range(len(sizes) + 1)]
    for start, end in pairwise(ends):
        yield take(build, x, axis, range(start, end))


def _split(what: Operator, build: Builder) -> Iterator[Value]:
    x, (axis,) = what.input(1), what.numbers(0)
    sizes = [output.shape[axis] for output in what.outputs]
    return _parts(build, x, axis % x.rank, sizes)


def _split_v(what: Operator, build: Builder) -> Iterator[Value]:
    x, (axis,) = what.input(0), what.numbers(2)
    return _parts(build, x, axis % x.rank, [output.shape[axis] for output in what.outputs])


def _unpack(what: Operator, build: Builder) -> Iterator[Value]:
    x = what.input(0)
    axis = what.option("UnpackOptions", "Axis") % x.rank
    return _parts(build, x, axis, [1] * x.shape[axis])


def _slice(what: Operator, build: Builder) -> Iterator[Value]:
    x = what.input(0)
    begin, size = what.numbers(1), what.numbers(2)
    views = [
        (b, 1, full - b if s < 0 else s) for b, s, full in zip(begin, size, x.shape, strict=True)
    ]
    yield view(build, x, views)


def _strided_slice(what: Operator, build: Builder) -> Iterator[Value]:
    x = what.input(0)

    def has(mask: str, axis: int) -> bool:
        return bool(what.option("StridedSliceOptions", mask) >> axis & 1)

    if any(what.option("StridedSliceOptions", mask) for mask in ("EllipsisMask", "NewAxisMask")):
        raise what.refuse("adds axes", "slice every axis and reshape")
    views = whole(x.shape)
    numbers = zip(*(what.numbers(i) for i in (1, 2, 3)), strict=True)
    for axis, (begin, end, step) in enumerate(numbers):
        if has("ShrinkAxisMask", axis):
            views[axis] = begin % x.shape[axis], 1, 1
            continue
        first = None if has("BeginMask", axis) else begin
        last = None if has("EndMask", axis) else end
        indices = range(*slice(first, last, step).indices(x.shape[axis]))
        if not indices:
            raise what.refuse(f"takes nothing of axis {axis}", "remove what depends on it")
        views[axis] = indices.start, indices.step, len(indices)
    yield view(build, x, views)


def _gather(what: Operator, build: Builder) -> Iterator[Value]:
    if what.option("GatherOptions", "BatchDims"):
        raise what.refuse("gathers sample by sample", "gather along one axis")
    x = what.input(0)
    axis = what.option("GatherOptions", "Axis") % x.rank
    yield take(build, x, axis, what.numbers(1))


def _tile(what: Operator, build: Builder) -> Iterator[Value]:
    x = what.input(0)
    for axis, times in enumerate(what.numbers(1)):
        x = take(build, x, axis, list(range(x.shape[axis])) * times)
    yield x


def _broadcast_to(what: Operator, build: Builder) -> Iterator[Value]:
    x, shape = what.input(0), what.outputs[0].shape
    x = build.reshape(x, (1,) * (len(shape) - x.rank) + x.shape)
    sizes = zip(x.shape, shape, strict=True)
    yield view(build, x, [(0, int(have == want), want) for have, want in sizes])


def _mirror_pad(what: Operator, build: Builder) -> Iterator[Value]:
    x = what.input(0)
    pads = np.array(what.numbers(1)).reshape(-1, 2)
    symmetric = what.option("MirrorPadOptions", "Mode") == 1
    for axis, border in enumerate(pads.tolist()):
        indices = np.arange(x.shape[axis])
        mirrored = np.pad(indices, border, mode="symmetric" if symmetric else "reflect")
        x = take(build, x, axis, mirrored.tolist())
    yield x


def _reverse(what: Operator, build: Builder) -> Iterator[Value]:
    x = what.input(0)
    axes = {axis % x.rank for axis in what.numbers(1)}
    views = whole(x.shape)
    for axis in axes:
        views[axis] = x.shape[axis] - 1, -1, x.shape[axis]
    yield view(build, x, views)


def _depth_to_space(what: Operator, build: Builder) -> Iterator[Value]:
    block = what.option("DepthToSpaceOptions", "BlockSize")
    yield depth_to_space(build, what.input(0), block)


def _space_to_depth(what: Operator, build: Builder) -> Iterator[Value]:
    block = what.option("SpaceToDepthOptions", "BlockSize")
    yield space_to_depth(build, what.input(0), block)


MOVEMENTS: dict[str, Callable[[Operator, Builder], Iterator[Value]]] = {
    "CONCATENATION": _concatenation,
    "PACK": _pack,
    "SPLIT": _split,
    "SPLIT_V": _split_v,
    "UNPACK": _unpack,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "GATHER": _gather,
    "TILE": _tile,
    "BROADCAST_TO": _broadcast_to,
    "MIRROR_PAD": _mirror_pad,
    "REVERSE_V2": _reverse,
    "DEPTH_TO_SPACE": _depth_to_space,
    "SPACE_TO_DEPTH": _space_to_depth,
}
