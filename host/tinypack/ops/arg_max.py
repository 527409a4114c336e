"""arg_max: index of the largest or smallest element of the last axis."""

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder
from ._layer import INDEX, Layer, Quantized
from ._permuted import with_last_kept

ONNX = ("ArgMax", "ArgMin")


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    axis = node.attrs.get("axis", 0) % max(x.rank, 1)
    rows = build.transpose(x, (*(i for i in range(x.rank) if i != axis), axis))
    y = build.node(
        "arg_max",
        rows,
        minimum=int(node.op == "ArgMin"),
        select_last=int(node.attrs.get("select_last_index", 0)),
    )
    return build.reshape(y, node.outputs[0].shape)


def infer_shape(node: Node) -> Shape:
    return (*node.input(0).shape[:-1], 1)


def float_(node: Node, x: FloatArray) -> FloatArray:
    last = node.attrs.get("select_last")
    if last:
        x = x[..., ::-1]
    place = x.argmin(-1) if node.attrs.get("minimum") else x.argmax(-1)
    y = np.asarray(x.shape[-1] - 1 - place if last else place, np.float32)
    return y[..., None]


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    return Quantized({}, INDEX, layer.compute(x.actual))


permuted = with_last_kept
