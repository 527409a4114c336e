"""gather: elements of one axis by constant indices, or by computed ones rows of a constant table.

Those are whole numbers that go from the input to here as INDICES.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..errors import PackError
from ..ir import FloatArray, Node, QuantParams, Shape, Value
from ._build import Builder, argument, constant_input, refuse
from ._layer import INDEX, Layer, Quantized
from ._views import right_aligned, take

KEEPS_SCALE = True
# What a table may be looked up with.
INDICES = QuantParams("s16", (1.0,), (0,))
MOST_ROWS = 1 << 15
# What they may pass on their way.
_MOVES = ("reshape", "slice", "transpose", "gather")
ONNX = ("Gather", "Tile", "ArrayFeatureExtractor")


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    if node.op == "Tile":
        for axis, times in enumerate(argument(node, "repeats", 1)):
            size = x.shape[axis]
            # One index again and again is a slice that does not move on.
            x = take(build, x, axis, [i % size for i in range(times * size)])
        return x
    last = node.op == "ArrayFeatureExtractor"
    axis = x.rank - 1 if last else node.attrs.get("axis", 0) % x.rank
    if not last and x.is_constant and not node.input(1).is_constant:
        y = build.node("gather", x, node.input(1), axis=axis)
        return build.reshape(y, node.outputs[0].shape)
    indices = constant_input(node, 1, "indices")
    y = take(build, x, axis, (indices.reshape(-1) % x.shape[axis]).tolist())
    if last:
        return y
    return build.reshape(y, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def is_computed(node: Node) -> bool:
    """Whether its indices are."""
    return "indices" not in node.attrs


def rows_of(value: Value) -> int | None:
    """How many rows the least table has that a value is looked up in."""
    found = []
    for node, position in value.uses:
        if node.op == "gather" and position == 1:
            found.append(node.input(0).shape[node.attrs["axis"]])
        elif node.op in _MOVES and (rows := rows_of(node.output)) is not None:
            found.append(rows)
    return min(found, default=None)


def infer_shape(node: Node) -> Shape:
    shape, axis = node.input(0).shape, node.attrs["axis"]
    count = prod(node.input(1).shape) if is_computed(node) else len(node.attrs["indices"])
    return (*shape[:axis], count, *shape[axis + 1 :])


def float_(node: Node, x: FloatArray, k: FloatArray | None = None) -> FloatArray:
    axis = node.attrs["axis"]
    if k is None:
        return x.take(np.array(node.attrs["indices"]), axis + 1)
    rows = x.shape[axis]
    if k.min(initial=0) < 0 or k.max(initial=0) >= rows or np.any(k != np.rint(k)):
        raise PackError(
            f"node {node.name!r}: looks up rows by whole numbers from 0 to {rows - 1}, but the"
            f" samples hold {k.min():g} to {k.max():g}; give the numbers of words as in training"
        )
    indices = k.reshape(len(k), -1).astype(np.int64)
    return np.moveaxis(x.take(indices, axis), axis, 0)


def attributes(node: Node) -> dict[str, int]:
    return {"axis": right_aligned(node, node.attrs["axis"])}


def quantize(layer: Layer) -> Quantized:
    x, *indices = layer.operands
    if any(operand.params not in (INDICES, INDEX) for operand in indices):
        raise refuse(layer.node, "looks up what the model computes", "end the model before it")
    return Quantized({}, x.params, layer.compute(*(operand.actual for operand in layer.operands)))


def permuted(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    return None if is_computed(node) else {"axis": perm[node.attrs["axis"]]}
