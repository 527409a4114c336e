"""fully_connected: product of each row with a constant matrix."""

import numpy as np
from numpy.typing import NDArray

from ..errors import PackError
from ..ir import Array, FloatArray, Node, Shape, Value
from ._build import Builder, constant_input
from ._elementwise import of_equal_rank
from ._layer import Layer, Quantized
from ._linear import quantize_linear
from ._linear_model import ONNX as LINEAR_MODELS
from ._linear_model import linear_model
from ._permuted import with_last_kept
from ._svm import ONNX as SUPPORT_VECTORS
from ._svm import support_vectors

ONNX = ("Gemm", "MatMul", *LINEAR_MODELS, *SUPPORT_VECTORS)


def legalize(node: Node, build: Builder) -> Value | None:
    if node.op in LINEAR_MODELS:
        return linear_model(node, build)
    if node.op in SUPPORT_VECTORS:
        return support_vectors(node, build)
    if node.op == "MatMul":
        return _matmul(node, build)
    return _gemm(node, build) if node.input(1).is_constant else None  # batch_matmul


def _gemm(node: Node, build: Builder) -> Value:
    x = node.input(0)
    if node.attrs.get("transA", 0):
        x = build.transpose(x, (1, 0))
    matrix = constant_input(node, 1, "weights")
    weights = matrix if node.attrs.get("transB", 0) else matrix.T
    weights = weights * np.float32(node.attrs.get("alpha", 1.0))
    beta = node.attrs.get("beta", 1.0)
    extra = node.inputs[2] if len(node.inputs) > 2 else None
    if extra is None or beta == 0:
        return product(build, x, weights, None)
    if extra.is_constant and (extra.rank < 2 or extra.shape[0] == 1):
        bias = np.broadcast_to(extra.data * np.float32(beta), (1, len(weights)))
        return product(build, x, weights, bias.reshape(-1))
    y = product(build, x, weights, None)
    if beta != 1:
        scale = build.constant(np.full((1,) * extra.rank, beta), "beta")
        extra = build.node("mul", extra, scale)
    return build.node("add", *of_equal_rank(y, extra, build))


def _matmul(node: Node, build: Builder) -> Value | None:
    left, right = node.input(0), node.input(1)
    if right.is_constant and _is_matrix(right):
        matrix = right.data.reshape(right.shape[-2:] if right.rank > 1 else (-1, 1))
        y = product(build, left, matrix.T, None)
    elif left.is_constant and _is_matrix(left) and right.rank > 1:
        # (A x)^T = x^T A^T
        swap = (*range(right.rank - 2), right.rank - 1, right.rank - 2)
        matrix = left.data.reshape(left.shape[-2:] if left.rank > 1 else (1, -1))
        y = build.transpose(product(build, build.transpose(right, swap), matrix, None), swap)
    else:
        return None  # batch_matmul
    return build.reshape(y, node.outputs[0].shape)


def _is_matrix(value: Value) -> bool:
    return value.rank <= 2 or all(size == 1 for size in value.shape[:-2])


def product(build: Builder, x: Value, weights: Array, bias: Array | None) -> Value:
    """x with its last axis, times weights [oc, c] transposed."""
    if x.is_constant:
        raise PackError(f"node {build.before.name!r} has no input; fold it before the export")
    if bias is None:
        bias = np.zeros(len(weights))
    return build.node(
        "fully_connected",
        x,
        build.constant(weights, "weights"),
        build.constant(bias, "bias"),
    )


def infer_shape(node: Node) -> Shape:
    return (*node.input(0).shape[:-1], node.input(1).shape[0])


def float_(node: Node, x: FloatArray, weights: FloatArray, bias: FloatArray) -> FloatArray:
    y: FloatArray = x.reshape(-1, x.shape[-1]) @ weights.T + bias
    return y.reshape(len(x), *node.output.shape)


def quantize(layer: Layer) -> Quantized:
    def columns(x: FloatArray, picks: NDArray[np.int64]) -> FloatArray:
        return x.reshape(-1, x.shape[-1])[picks][None]

    x = layer.operands[0].exact
    return quantize_linear(layer, 1, columns, x.size // x.shape[-1])


permuted = with_last_kept
