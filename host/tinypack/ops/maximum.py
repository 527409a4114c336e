"""maximum: of two operands with numpy broadcasting."""

import numpy as np

from ..ir import FloatArray, Node, Value
from ._build import Builder
from ._elementwise import attributes, infer_shape, with_samples
from ._extreme import legalize_extreme, quantize_extreme
from ._layer import Layer, Quantized
from ._permuted import of_any_order

__all__ = [
    "ELEMENTWISE",
    "ONNX",
    "attributes",
    "float_",
    "infer_shape",
    "legalize",
    "permuted",
    "quantize",
]

ELEMENTWISE = True
ONNX = ("Max", "Or")


def legalize(node: Node, build: Builder) -> Value | None:
    return legalize_extreme(node, build, "maximum", "activation_min")


def float_(node: Node, x: FloatArray, k: FloatArray) -> FloatArray:
    y: FloatArray = np.maximum(*with_samples(node, x, k))
    return y


def quantize(layer: Layer) -> Quantized:
    return quantize_extreme(layer)


permuted = of_any_order
