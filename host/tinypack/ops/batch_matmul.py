"""batch_matmul: products of stacks of matrices, both computed or one of them constant."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ir import FloatArray, Node, Shape, Value, nhwc_view
from ._build import Builder, refuse
from ._elementwise import of_equal_rank, with_samples
from ._layer import Layer, Quantized, activation, rescale

ALIKE = True
ONNX = ("MatMul", "Gemm")


def legalize(node: Node, build: Builder) -> Value | None:
    x, k = node.input(0), node.input(1)
    if node.op == "Gemm":
        return _gemm(node, build)
    if x.rank == 1:
        x = build.reshape(x, (1, *x.shape))
    if k.rank == 1:
        k = build.reshape(k, (*k.shape, 1))
    return build.reshape(_product(build, x, k), node.outputs[0].shape)


def _product(build: Builder, x: Value, k: Value) -> Value:
    x, k = of_equal_rank(x, k, build)
    swap = (*range(k.rank - 2), k.rank - 1, k.rank - 2)
    before = k.producer
    if before is not None and before.op == "transpose" and tuple(before.attrs["perm"]) == swap:
        return build.node("batch_matmul", x, before.input(0), transposed=1)
    return build.node("batch_matmul", x, k)


def _gemm(node: Node, build: Builder) -> Value:
    x, k = (
        build.transpose(node.input(index), (1, 0)) if node.attrs.get(key, 0) else node.input(index)
        for index, key in enumerate(("transA", "transB"))
    )
    y = _scaled(_product(build, x, k), node.attrs.get("alpha", 1.0), build)
    if len(node.inputs) < 3 or node.inputs[2] is None:
        return y
    extra = _scaled(node.input(2), node.attrs.get("beta", 1.0), build)
    return build.node("add", *of_equal_rank(y, extra, build))


def _scaled(x: Value, factor: float, build: Builder) -> Value:
    if factor == 1:
        return x
    if x.is_constant:
        return build.constant(x.data * factor, "scaled")
    return build.node("mul", x, build.constant(np.full((1,) * x.rank, factor), "factor"))


def infer_shape(node: Node) -> Shape:
    x, k = ((1,) * (2 - value.rank) + value.shape for value in (node.input(0), node.input(1)))
    columns = k[-2] if node.attrs.get("transposed") else k[-1]
    return (*np.broadcast_shapes(x[:-2], k[:-2]), x[-2], columns)


def attributes(node: Node) -> dict[str, int]:
    """Checks that the batch axes broadcast on the NHWC view as well."""
    whole = nhwc_view(node.output.shape)[:2]
    for value in (node.input(0), node.input(1)):
        sizes = zip(nhwc_view(value.shape), whole, strict=False)
        if any(size not in (1, full) for size, full in sizes):
            raise refuse(
                node, f"broadcasts {value.shape} to {node.output.shape}", "use four axes at most"
            )
    return {}


def float_(node: Node, x: FloatArray, k: FloatArray) -> FloatArray:
    left, right = with_samples(node, x, k)
    if node.attrs.get("transposed"):
        right = right.swapaxes(-1, -2)
    y: FloatArray = left @ right
    return y


def quantize(layer: Layer) -> Quantized:
    x, k = layer.operands
    output = layer.own()
    # Products of s16 have 30 bits: so many more as the sum has may not fit.
    terms = layer.node.input(0).shape[-1]
    sum_shift = (terms - 1).bit_length() if x.params.dtype == "s16" else 0
    attrs = rescale(x.scale * k.scale * 2.0**sum_shift / output.scale[0])
    attrs |= {"sum_shift": sum_shift} | activation(layer.node, output)
    return Quantized(attrs, output, layer.compute(x.actual, k.actual))


def permuted(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    rank = len(perm)
    return {} if tuple(perm[-2:]) == (rank - 2, rank - 1) else None
