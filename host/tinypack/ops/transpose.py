"""transpose: output axis j is input axis perm[j]."""

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder, refuse
from ._layer import Layer, Quantized

ONNX = ("Transpose",)

_AXES = 6


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    if x.rank > _AXES:
        raise refuse(node, f"has {x.rank} axes", f"use no more than {_AXES}")
    return build.transpose(x, node.attrs.get("perm", range(x.rank)[::-1]))


def infer_shape(node: Node) -> Shape:
    return tuple(node.input(0).shape[axis] for axis in node.attrs["perm"])


def float_(node: Node, x: FloatArray) -> FloatArray:
    y: FloatArray = x.transpose(0, *(axis + 1 for axis in node.attrs["perm"]))
    return y


def attributes(node: Node) -> dict[str, int]:
    """Right-aligned to six axes."""
    missing = _AXES - len(node.attrs["perm"])
    perm = (*range(missing), *(axis + missing for axis in node.attrs["perm"]))
    return {f"perm_{i}": axis for i, axis in enumerate(perm)}


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    return Quantized({}, x.params, layer.compute(x.actual))
