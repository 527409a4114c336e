"""reshape: the same elements in the same order under another shape."""

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder
from ._layer import Layer, Quantized

KEEPS_SCALE = True
ONNX = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity")


def legalize(node: Node, build: Builder) -> Value | None:
    return build.reshape(node.input(0), node.outputs[0].shape)


def infer_shape(node: Node) -> Shape:
    """A reshape says its shape itself."""
    return node.output.shape


def float_(node: Node, x: FloatArray) -> FloatArray:
    return x.reshape(len(x), *node.output.shape)


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    return Quantized({}, x.params, layer.compute(x.actual))
