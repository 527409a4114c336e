"""top_k: the largest or smallest elements of the last axis in order, or their indices."""

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, argument, inverse
from ._layer import INDEX, Layer, Quantized
from ._permuted import with_last_kept

ONNX = ("TopK",)


def legalize(node: Node, build: Builder) -> Value | None:
    """One of TopK's outputs: passes/separate_outputs.py makes a node of each."""
    x = node.input(0)
    axis = node.attrs.get("axis", -1) % x.rank
    perm = (*(i for i in range(x.rank) if i != axis), axis)
    y = build.node(
        "top_k",
        build.transpose(x, perm),
        k=int(np.reshape(argument(node, "k", 1), ())),
        minimum=int(not node.attrs.get("largest", 1)),
        indices=int(node.attrs["indices"]),
    )
    return build.transpose(y, inverse(perm))


def infer_shape(node: Node) -> Shape:
    return (*node.input(0).shape[:-1], node.attrs["k"])


def float_(node: Node, x: FloatArray) -> FloatArray:
    keys = x if node.attrs.get("minimum") else -x
    order = np.argsort(keys, axis=-1, kind="stable")[..., : node.attrs["k"]]
    y = order if node.attrs.get("indices") else np.take_along_axis(x, order, -1)
    return np.asarray(y, np.float32)


def keeps_scale(node: Node) -> bool:
    return not node.attrs.get("indices")


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    output = INDEX if layer.node.attrs.get("indices") else x.params
    return Quantized({}, output, layer.compute(x.actual))


permuted = with_last_kept
