"""normalize: the last axis over its deviation or its norm, times a factor plus an offset.

Attributes: `centred` as in ops.def; `norm` 1 divides by the norm, 0 by the root of the mean
square; `eps` is added to what the root is taken of; `factor` and `offset` are per element.
"""

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..ir import Array, FloatArray, Node, Shape, Value
from ._build import Builder, constant_input, inverse, normalized_axes, refuse
from ._layer import Layer, Quantized, rescale
from ._permuted import with_last_kept

ONNX = (
    "GroupNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "LpNormalization",
    "MeanVarianceNormalization",
    "Normalizer",
    "RMSNormalization",
)

# SPEC.md: mean and differences have so many bits behind the point.
_FRACTION_BITS = {"s8": 7, "s16": 3}
# d / sqrt(Q) has 28 bits behind the point, 13 of them go with the product.
_SHARE_BITS = 28 - 13
_EPSILON_BITS = 30
_MOST_EPSILON_SHIFT = 24
_OFFSET_BITS = 29
_LONGEST = 1 << 16


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    if node.op in ("LayerNormalization", "RMSNormalization"):
        return _layer_norm(node, build)
    if node.op == "Normalizer":
        return _normalizer(node, build)
    if node.op == "LpNormalization":
        if node.attrs.get("p", 2) != 2:
            return _l1_norm(node, build)
        return _over(node, build, x, (node.attrs.get("axis", -1),), centred=0, norm=1)
    if node.op == "MeanVarianceNormalization":
        return _over(node, build, x, node.attrs.get("axes", [0, 2, 3]), eps=1e-9)
    groups = node.attrs.get("num_groups", x.shape[1])
    eps = float(node.attrs.get("epsilon", 1e-5))
    rows = build.reshape(x, (x.shape[0], groups, prod(x.shape[1:]) // groups))
    y = build.reshape(_normalized(node, build, rows, eps=eps), x.shape)
    # One number per channel, or per group in older opsets
    factor, offset = (
        _per_channel(constant_input(node, index, what), x)
        for index, what in ((1, "scale"), (2, "bias"))
    )
    y = build.node("mul", y, build.constant(factor, "factor"))
    return build.node("add", y, build.constant(offset, "offset"))


def _per_channel(numbers: Array, x: Value) -> Array:
    channels = numbers.repeat(x.shape[1] // numbers.size)
    return channels.reshape(-1, *[1] * (x.rank - 2))[None]


def _layer_norm(node: Node, build: Builder) -> Value:
    x = node.input(0)
    axis = node.attrs.get("axis", -1) % x.rank
    shape = x.shape[axis:]
    numbers = []
    for index, what, default in ((1, "scale", 1.0), (2, "bias", 0.0)):
        given = index < len(node.inputs) and node.inputs[index] is not None
        array = constant_input(node, index, what) if given else np.array(default)
        numbers.append(np.broadcast_to(array, shape).reshape(-1))
    y = _normalized(
        node,
        build,
        build.reshape(x, (prod(x.shape[:axis]), prod(shape))),
        eps=float(node.attrs.get("epsilon", 1e-5)),
        centred=int(node.op == "LayerNormalization"),
        factor=tuple(map(float, numbers[0])),
        offset=tuple(map(float, numbers[1])),
    )
    return build.reshape(y, x.shape)


def _over(node: Node, build: Builder, x: Value, axes: Sequence[int], **attrs: Any) -> Value:
    """Any axes, as rows."""
    axes = normalized_axes(axes, x.rank)
    perm = (*(axis for axis in range(x.rank) if axis not in axes), *axes)
    moved = build.transpose(x, perm)
    count = prod(x.shape[axis] for axis in axes)
    y = _normalized(node, build, build.reshape(moved, (prod(x.shape) // count, count)), **attrs)
    return build.transpose(build.reshape(y, moved.shape), inverse(perm))


def _normalizer(node: Node, build: Builder) -> Value:
    kind = node.attrs.get("norm", "MAX")
    if kind == "L2":
        return _over(node, build, node.input(0), (-1,), centred=0, norm=1)
    if kind == "L1":
        return _l1_norm(node, build)
    raise refuse(node, f"divides by the {kind} norm", "use Normalizer('l2') or Normalizer('l1')")


def _l1_norm(node: Node, build: Builder) -> Value:
    x = node.input(0)
    axis = node.attrs.get("axis", -1) % x.rank
    total = build.node("mean", build.node("table", x, function=("abs", "x")), axes=(axis,))
    share = ("reciprocal", ("mul", "x", float(x.shape[axis])))
    return build.node("mul", x, build.node("table", total, function=share))


def _normalized(node: Node, build: Builder, x: Value, **attrs: Any) -> Value:
    if x.shape[-1] > _LONGEST:
        raise refuse(
            node, f"runs over {x.shape[-1]} elements", f"normalize {_LONGEST} at most together"
        )
    given: dict[str, Any] = {"centred": 1, "norm": 0, "eps": 0.0}
    count = x.shape[-1]
    given |= {"factor": (1.0,) * count, "offset": (0.0,) * count}
    return build.node("normalize", x, **(given | attrs))


def infer_shape(node: Node) -> Shape:
    return node.input(0).shape


def float_(node: Node, x: FloatArray) -> FloatArray:
    a = node.attrs
    d = x.astype(np.float64)
    if a["centred"]:
        d = d - d.mean(-1, keepdims=True)
    squares = np.square(d)
    power = squares.sum(-1, keepdims=True) if a["norm"] else squares.mean(-1, keepdims=True)
    root = np.sqrt(power + a["eps"])
    quotient = np.divide(d, root, out=np.zeros_like(d), where=root > 0)
    y: FloatArray = (quotient * a["factor"] + a["offset"]).astype(np.float32)
    return y


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    a, output = layer.node.attrs, layer.own()
    count = layer.node.input(0).shape[-1]
    # The kernel divides by the root of a sum.
    root = 1.0 if a["norm"] else sqrt(count)
    factor, offset = np.array(a["factor"], np.float64), np.array(a["offset"], np.float64)
    largest = max(
        np.abs(factor).max() / ((1 << 15) - 1),
        np.abs(offset).max() * (1 << _SHARE_BITS) / (root * (1 << _OFFSET_BITS)),
    )
    step = largest or 1.0
    unit = root * step / (1 << _SHARE_BITS)
    params: NDArray[np.int32] = np.rint(np.column_stack([factor / step, offset / unit])).astype(
        np.int32
    )
    attrs = _epsilon(a["eps"] * root**2, x.scale / (1 << _FRACTION_BITS[x.params.dtype]))
    attrs |= rescale(unit / output.scale[0])
    return Quantized(attrs, output, layer.compute(x.actual), stored=(params,))


def _epsilon(real: float, step: float) -> dict[str, int]:
    """On the squared step of the differences."""
    exact = real / step**2
    shift = min(max(0, int(exact).bit_length() - _EPSILON_BITS), _MOST_EPSILON_SHIFT)
    return {"epsilon": min(round(exact / (1 << shift)), (1 << 31) - 1), "epsilon_shift": shift}


permuted = with_last_kept
