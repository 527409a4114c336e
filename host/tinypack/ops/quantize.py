"""quantize: in a float graph a clamp that no operator before it could take over, or nothing where
a scale must change.

In graphs of quantized ONNX files it also is a mark until store_integers: `params` are the
integers that the value has from here on.
"""

from typing import Any

import numpy as np

from ..ir import FloatArray, Node, QuantParams, Shape, Value
from ._build import Builder, argument
from ._layer import Layer, Quantized, activation, rescale
from ._permuted import of_any_order

ELEMENTWISE = True
KEEPS_SCALE = True
ONNX = ("Relu", "Clip", "QuantizeLinear")


def legalize(node: Node, build: Builder) -> Value | None:
    if node.op == "QuantizeLinear":
        params = node.attrs["params"]
        return build.node("quantize", node.input(0), params=params, **whole_range(params))
    bounds: dict[str, Any] = {"activation_min": 0.0}
    if node.op == "Clip":
        low, high = argument(node, "min", 1), argument(node, "max", 2)
        bounds = {}
        if low is not None and np.isfinite(low := float(np.reshape(low, ()))):
            bounds["activation_min"] = low
        if high is not None and np.isfinite(high := float(np.reshape(high, ()))):
            bounds["activation_max"] = high
        # ONNX: minimum first, then maximum, so the maximum wins
        if "activation_max" in bounds and "activation_min" in bounds:
            bounds["activation_min"] = min(bounds["activation_min"], bounds["activation_max"])
    return build.node("quantize", node.input(0), **bounds)


def is_mark(node: Node) -> bool:
    return node.op == "quantize" and "params" in node.attrs


def whole_range(params: QuantParams) -> dict[str, float]:
    scale, zero_point = params.scale[0], params.zero_point[0]
    return {
        "activation_min": (-128 - zero_point) * scale,
        "activation_max": (127 - zero_point) * scale,
    }


def infer_shape(node: Node) -> Shape:
    return node.input(0).shape


def float_(node: Node, x: FloatArray) -> FloatArray:
    return x


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    output = layer.common or x.params
    attrs = activation(layer.node, output)
    if output != x.params:
        attrs |= rescale(x.scale / output.scale[0])
    return Quantized(attrs, output, layer.compute(x.actual))


permuted = of_any_order
