"""concat: the inputs one after the other along an axis, all on one scale (quant/common.py)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ..optable import OPS
from ._build import Builder, refuse
from ._layer import Layer, Quantized
from ._views import right_aligned

ALIKE = True
ONNX = ("Concat",)


def legalize(node: Node, build: Builder) -> Value | None:
    rank = len(node.outputs[0].shape)
    return join(build, [node.input(i) for i in range(len(node.inputs))], node.attrs["axis"] % rank)


def join(build: Builder, parts: Sequence[Value], axis: int) -> Value:
    """A tree of nodes if one cannot take that many inputs."""
    most = OPS["concat"].inputs_max
    while len(parts) > most:
        groups = [parts[i : i + most] for i in range(0, len(parts), most)]
        parts = [_joined(build, group, axis) for group in groups]
    return _joined(build, parts, axis)


def _joined(build: Builder, parts: Sequence[Value], axis: int) -> Value:
    return parts[0] if len(parts) == 1 else build.node("concat", *parts, axis=axis)


def infer_shape(node: Node) -> Shape:
    axis = node.attrs["axis"]
    shapes = [node.input(i).shape for i in range(len(node.inputs))]
    for shape in shapes:
        if shape[:axis] + shape[axis + 1 :] != shapes[0][:axis] + shapes[0][axis + 1 :]:
            raise refuse(node, f"joins {shape} to {shapes[0]}", "give equal sizes")
    return (*shapes[0][:axis], sum(s[axis] for s in shapes), *shapes[0][axis + 1 :])


def float_(node: Node, *arrays: FloatArray) -> FloatArray:
    samples = max(len(x) for i, x in enumerate(arrays) if not node.input(i).is_constant)
    parts = [
        np.broadcast_to(x, (samples, *x.shape)) if node.input(i).is_constant else x
        for i, x in enumerate(arrays)
    ]
    y: FloatArray = np.concatenate(parts, node.attrs["axis"] + 1)
    return y


def attributes(node: Node) -> dict[str, int]:
    return {"axis": right_aligned(node, node.attrs["axis"])}


def quantize(layer: Layer) -> Quantized:
    output = layer.own()
    actual = layer.compute(*(operand.actual for operand in layer.operands))
    return Quantized({}, output, actual)


def permuted(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    return {"axis": perm[node.attrs["axis"]]}
