"""minimum and maximum: all operands and the output on one scale (quant/common.py).

That of the output serves: what it clips of an operand the other one replaces.
"""

from ..ir import Node, Value
from ._build import Builder
from ._elementwise import of_equal_rank
from ._layer import Layer, Quantized


def legalize_extreme(node: Node, build: Builder, op: str, bound: str) -> Value:
    """A chain over all inputs; one constant number is a clamp."""
    y = node.input(0)
    for k in map(node.input, range(1, len(node.inputs))):
        x, k = (k, y) if y.is_constant else (y, k)
        if k.is_constant and k.data.size == 1 and k.rank <= x.rank:
            y = build.node("quantize", x, **{bound: float(k.data.reshape(()))})
        else:
            y = build.node(op, *of_equal_rank(x, k, build))
    return build.reshape(y, node.outputs[0].shape)


def quantize_extreme(layer: Layer) -> Quantized:
    x, k = layer.operands
    return Quantized({}, layer.own(), layer.compute(x.actual, k.actual))
