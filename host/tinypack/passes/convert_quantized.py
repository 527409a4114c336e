"""QuantizeLinear and DequantizeLinear become marks on floats: which integers a value has.

A QuantizeLinear stays as a node that has the params as its attribute and gives floats again. What
lies between it and its DequantizeLinear moves integers, and floats as well. DequantizeLinear is
an Identity then. Marks reach the values themselves in store_integers.
"""

import numpy as np

from ..errors import PackError
from ..ir import Model, Node, QuantParams, Value

# Operators that hand integers on as they are.
_MOVES = (
    "Identity",
    "Reshape",
    "Transpose",
    "Flatten",
    "Squeeze",
    "Unsqueeze",
    "MaxPool",
    "Slice",
    "Gather",
    "Concat",
    "Split",
    "Expand",
    "DepthToSpace",
    "SpaceToDepth",
)
# Zero points of unsigned types move so far for the signed codes.
_OFFSETS = {"s8": 0, "u8": 128}


def convert_quantized(model: Model) -> None:
    integers: dict[Value, QuantParams] = {}
    for node in model.graph.nodes:
        if node.op == "QuantizeLinear":
            params = _params(node)
            integers[node.outputs[0]] = params
            node.set_inputs(node.inputs[:1])
            node.attrs = {"params": params}
        elif node.op == "DequantizeLinear":
            x = node.input(0)
            if x not in integers or integers[x] != _params(node):
                raise PackError(
                    f"node {node.name!r}: gives integers another meaning than the QuantizeLinear"
                    " before it; export the model anew"
                )
            node.op, node.attrs = "Identity", {}
            node.set_inputs([x])
            continue
        else:
            _pass_on(node, integers)
    for value in integers:
        value.dtype = "f32"


def _pass_on(node: Node, integers: dict[Value, QuantParams]) -> None:
    given = [integers[v] for v in node.inputs if v is not None and v in integers]
    if not given:
        return
    operands = [v for v in node.inputs if v is not None]
    joined = node.op == "Concat" and len(given) != len(operands)
    if node.op not in _MOVES or joined or any(params != given[0] for params in given):
        raise PackError(
            f"node {node.name!r}: {node.op} computes with integers;"
            " export the model with QuantizeLinear and DequantizeLinear around it"
        )
    integers.update(dict.fromkeys(node.outputs, given[0]))


def _params(node: Node) -> QuantParams:
    scale, zero = node.input(1), node.inputs[2] if len(node.inputs) > 2 else None
    if not scale.is_constant or (zero is not None and not zero.is_constant):
        raise PackError(
            f"node {node.name!r}: computes the scale while the model runs;"
            " quantize the model statically, with calibration samples"
        )
    coded = node.outputs[0] if node.op == "QuantizeLinear" else node.input(0)
    if coded.dtype not in _OFFSETS:
        raise PackError(
            f"node {node.name!r}: gives activations of type {coded.dtype};"
            " quantize activations to 8 bits, or give the float model"
        )
    if scale.data.size != 1 or not np.all(scale.data > 0) or not np.isfinite(scale.data).all():
        raise PackError(
            f"node {node.name!r}: activations have scale {scale.data.reshape(-1)[:4].tolist()};"
            " one positive number is needed"
        )
    point = 0 if zero is None else int(zero.data.reshape(-1)[0])
    real = float(scale.data.reshape(-1)[0])
    return QuantParams("s8", (real,), (point - _OFFSETS[coded.dtype],))
