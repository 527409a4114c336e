"""Operators of TensorFlow Lite that change the size of images, and dilated convolutions.

Functions take the operator as tflite.py presents it and add its nodes.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from ..errors import PackError
from ..ir import Array, Graph, Node, Value
from ..ops._taps import Taps
from ..ops._taps_tflite import bilinear, nearest_neighbor

# Padding.SAME of the schema.
_SAME = 0
_BLOCKS = "SPACE_TO_BATCH_ND"


class Operator(Protocol):
    """What is asked of an operator of a file."""

    graph: Graph
    op: str
    name: str
    inputs: Sequence[Value | None]
    outputs: Sequence[Value]

    @property
    def output(self) -> Value: ...
    def input(self, index: int) -> Value: ...
    def numbers(self, index: int) -> list[int]: ...
    def option(self, table: str, field: str) -> Any: ...
    def refuse(self, reason: str, remedy: str) -> PackError: ...
    def bounds(self, function: int) -> dict[str, float]: ...
    def constant(self, value: Value, array: Array, axis: int | None) -> Value: ...
    def long_sums(self, bias: int = 2) -> dict[str, int]: ...
    def bias(self, index: int, channels: int) -> Value: ...
    def add(self, op: str, *inputs: Value, **attrs: Any) -> None: ...


def _resize(options: str, taps: Callable[..., Taps]) -> Callable[[Operator], None]:
    def import_(what: Operator) -> None:
        x = what.input(0)
        flags = [what.option(options, name) for name in ("AlignCorners", "HalfPixelCenters")]
        sizes = zip(x.shape[1:3], what.numbers(1), strict=True)
        rows, columns = (taps(size, out, *flags) for size, out in sizes)
        what.add("resize", x, rows=rows, columns=columns)

    return import_


def _transpose_conv(what: Operator) -> None:
    stored, x, options = what.input(1), what.input(2), "TransposeConvOptions"
    if not stored.is_constant:
        raise what.refuse("takes its weights at run time", "convert with constant weights")
    attrs: dict[str, int] = {}
    for axis, side, before, after in ((1, "h", "top", "bottom"), (2, "w", "left", "right")):
        stride = attrs[f"stride_{side}"] = what.option(options, f"Stride{side.upper()}")
        total = (x.shape[axis] - 1) * stride + stored.shape[axis] - what.output.shape[axis]
        same = what.option(options, "Padding") == _SAME
        attrs[f"pad_{before}"] = cut = max(total, 0) // 2 if same else 0
        attrs[f"pad_{after}"] = total - cut
    weights, bias = what.constant(stored, stored.data, 0), what.bias(3, stored.shape[0])
    bounds = what.bounds(what.option(options, "FusedActivationFunction"))
    attrs |= what.long_sums(3)
    what.add("transpose_conv_2d", x, weights, bias, **attrs, **bounds)


# TensorFlow writes a dilated convolution as one of the images that every d-th row and column make:
# SPACE_TO_BATCH_ND, the convolution, BATCH_TO_SPACE_ND. The first stays in the graph until the
# last is found.


def _space_to_batch(what: Operator) -> None:
    attrs = {"block": what.numbers(1), "pads": what.numbers(2)}
    node = Node(_BLOCKS, [what.input(0)], [what.output], attrs, what.name)
    what.graph.insert(node)


def _batch_to_space(what: Operator) -> None:
    layer = what.input(0).producer
    first = layer.input(0).producer if layer is not None and layer.inputs else None
    block, crops = what.numbers(1), what.numbers(2)
    if (
        layer is None
        or first is None
        or first.op != _BLOCKS
        or layer.op not in ("conv_2d", "depthwise_conv_2d")
        or first.attrs["block"] != block
        or len(block) != 2
        or any(layer.attrs[f"stride_{side}"] != 1 for side in "hw")
        or any(layer.attrs[f"pad_{side}"] for side in ("top", "bottom", "left", "right"))
        or any(crops[::2])
    ):
        raise what.refuse("does not end a dilated convolution", "use convolutions with dilations")
    pads = np.array(first.attrs["pads"]) - crops
    if pads.min() < 0:
        raise what.refuse("crops more than was padded", "use convolutions with dilations")
    attrs = layer.attrs | dict(
        zip(("pad_top", "pad_bottom", "pad_left", "pad_right"), pads.tolist(), strict=True)
    )
    for side, distance in zip("hw", block, strict=True):
        attrs[f"dilation_{side}"] = distance * layer.attrs[f"dilation_{side}"]
    what.add(layer.op, first.input(0), layer.input(1), layer.input(2), **attrs)


def drop_blocks(graph: Graph) -> None:
    """Takes out what _batch_to_space() has replaced."""
    for first in [node for node in graph.nodes if node.op == _BLOCKS]:
        for layer in first.output.users:
            if not layer.output.uses and not graph.is_output(layer.output):
                graph.remove(layer)
        if first.output.uses or graph.is_output(first.output):
            raise PackError(
                f"node {first.name!r}: {_BLOCKS} does not begin a dilated convolution;"
                " use convolutions with dilations"
            )
        graph.remove(first)


IMAGES: dict[str, Callable[[Operator], None]] = {
    "RESIZE_BILINEAR": _resize("ResizeBilinearOptions", bilinear),
    "RESIZE_NEAREST_NEIGHBOR": _resize("ResizeNearestNeighborOptions", nearest_neighbor),
    "TRANSPOSE_CONV": _transpose_conv,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "BATCH_TO_SPACE_ND": _batch_to_space,
}
