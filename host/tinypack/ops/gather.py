"""gather: constant indices of one axis."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, argument, constant_input
from ._layer import Layer, Quantized
from ._views import right_aligned, take

KEEPS_SCALE = True
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
    indices = constant_input(node, 1, "indices")
    y = take(build, x, axis, (indices.reshape(-1) % x.shape[axis]).tolist())
    if last:
        return y
    return build.reshape(y, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def infer_shape(node: Node) -> Shape:
    shape, axis = node.input(0).shape, node.attrs["axis"]
    return (*shape[:axis], len(node.attrs["indices"]), *shape[axis + 1 :])


def float_(node: Node, x: FloatArray) -> FloatArray:
    return x.take(np.array(node.attrs["indices"]), node.attrs["axis"] + 1)


def attributes(node: Node) -> dict[str, int]:
    return {"axis": right_aligned(node, node.attrs["axis"])}


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    return Quantized({}, x.params, layer.compute(x.actual))


def permuted(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    return {"axis": perm[node.attrs["axis"]]}
