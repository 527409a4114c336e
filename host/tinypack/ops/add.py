"""add: elementwise sum or difference with numpy broadcasting."""

import numpy as np

from ..ir import FloatArray, Node, Value
from ._build import Builder
from ._condition import chosen
from ._elementwise import attributes, infer_shape, of_equal_rank, operands, with_samples
from ._layer import Layer, Quantized, activation
from ._permuted import of_any_order
from ._requant import add_multipliers

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
ONNX = ("Add", "Sub", "Sum", "Mean", "Where")


def legalize(node: Node, build: Builder) -> Value | None:
    if node.op == "Where":
        return chosen(node, build)
    if node.op in ("Sum", "Mean"):
        total = node.input(0)
        for index in range(1, len(node.inputs)):
            total = build.node("add", *of_equal_rank(total, node.input(index), build))
        if node.op == "Sum" or len(node.inputs) == 1:
            return total
        share = build.constant(np.full((1,) * total.rank, 1 / len(node.inputs)), "share")
        return build.node("mul", total, share)
    x, k = operands(node, build)
    if node.op == "Add":
        return build.node("add", k, x) if x.is_constant else build.node("add", x, k)
    if k.is_constant:
        return build.node("add", x, build.constant(-k.data, "constant"))
    if x.is_constant:
        minus = build.constant(np.full((1,) * k.rank, -1), "minus")
        negative = build.node("mul", k, minus)
        return build.node("add", negative, x)
    return build.node("add", x, k, subtract=1)


def float_(node: Node, x: FloatArray, k: FloatArray) -> FloatArray:
    left, right = with_samples(node, x, k)
    y: FloatArray = left - right if node.attrs.get("subtract") else left + right
    return y


def quantize(layer: Layer) -> Quantized:
    x, k = layer.operands
    output = layer.own()
    attrs = add_multipliers(x.scale, k.scale, output.scale[0], output.dtype)
    if layer.node.attrs.get("subtract"):
        attrs["k_multiplier"] = -attrs["k_multiplier"]
    attrs |= activation(layer.node, output)
    return Quantized(attrs, output, layer.compute(x.actual, k.actual))


permuted = of_any_order
