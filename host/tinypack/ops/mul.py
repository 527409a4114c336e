"""mul: elementwise product with numpy broadcasting; quotients are products with a reciprocal."""

import numpy as np

from ..ir import FloatArray, Node, Value
from ._build import Builder, constant_input, refuse
from ._elementwise import attributes, infer_shape, operands, with_samples
from ._layer import Layer, Quantized, activation, rescale
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
ONNX = ("Mul", "Div", "And", "BatchNormalization", "Scaler")


def legalize(node: Node, build: Builder) -> Value | None:
    if node.op == "BatchNormalization":
        return _batch_norm(node, build)
    if node.op == "Scaler":
        return _scaler(node, build)
    x, k = operands(node, build)
    if node.op == "Div":
        if k.is_constant:
            k = build.constant(1 / k.data.astype(np.float64), "reciprocal")
        else:
            k = build.node("table", k, function=("reciprocal", "x"))
    return build.node("mul", k, x) if x.is_constant else build.node("mul", x, k)


def _scaler(node: Node, build: Builder) -> Value:
    x = node.input(0)
    shape = (1,) * (x.rank - 1) + (-1,)
    offset, scale = (
        np.array(node.attrs.get(key) or default, np.float64).reshape(shape)
        for key, default in (("offset", 0.0), ("scale", 1.0))
    )
    x = build.node("add", x, build.constant(-offset, "offset"))
    return build.node("mul", x, build.constant(scale, "scale"))


def _batch_norm(node: Node, build: Builder) -> Value:
    if node.attrs.get("training_mode", 0):
        raise refuse(node, "is in training mode", "export the model in evaluation mode")
    names = ("scale", "bias", "mean", "variance")
    scale, bias, mean, variance = (
        constant_input(node, index, name).astype(np.float64) for index, name in enumerate(names, 1)
    )
    factor = scale / np.sqrt(variance + node.attrs.get("epsilon", 1e-5))
    x = node.input(0)
    shape = [1] * x.rank
    shape[min(1, x.rank - 1)] = -1
    y = build.node("mul", x, build.constant(factor.reshape(shape), "factor"))
    return build.node("add", y, build.constant((bias - mean * factor).reshape(shape), "offset"))


def float_(node: Node, x: FloatArray, k: FloatArray) -> FloatArray:
    left, right = with_samples(node, x, k)
    y: FloatArray = left * right
    return y


def quantize(layer: Layer) -> Quantized:
    x, k = layer.operands
    output = layer.own()
    attrs = rescale(x.scale * k.scale / output.scale[0]) | activation(layer.node, output)
    return Quantized(attrs, output, layer.compute(x.actual, k.actual))


permuted = of_any_order
