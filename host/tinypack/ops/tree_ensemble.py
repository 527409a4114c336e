"""tree_ensemble: sums over the leaves that rows reach in decision trees (`trees`: _trees.py)."""

import numpy as np

from ..ir import FloatArray, Node, Shape, Value
from ._build import Builder
from ._layer import Layer, Quantized, rescale, s16
from ._permuted import with_last_kept
from ._post_transform import post_transform
from ._trees import Trees, of_classifier, of_regressor

ONNX = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")

_LARGEST_LEAF = (1 << 15) - 1
_LARGEST_BIAS = 1 << 30


def legalize(node: Node, build: Builder) -> Value | None:
    x = node.input(0)
    read = of_classifier if node.op == "TreeEnsembleClassifier" else of_regressor
    trees, post = read(node, x.shape[-1])
    return post_transform(node, build, build.node("tree_ensemble", x, trees=trees), post)


def infer_shape(node: Node) -> Shape:
    return (*node.input(0).shape[:-1], len(node.attrs["trees"].base))


def float_(node: Node, x: FloatArray) -> FloatArray:
    sums = node.attrs["trees"].leaf_sums(x.reshape(-1, x.shape[-1]))
    return np.asarray(sums, np.float32).reshape(len(x), *node.output.shape)


def quantize(layer: Layer) -> Quantized:
    (x,) = layer.operands
    trees: Trees = layer.node.attrs["trees"]
    # Votes that differ by little decide at the end of a model: s8 would make them equal.
    last = not layer.node.output.uses
    output = s16(trees.bound() / _LARGEST_LEAF or 1.0) if last else layer.own()
    low, high = x.params.range
    codes = np.rint(trees.threshold.astype(np.float64) / x.scale) + x.zero_point - trees.strict
    # Rounding keeps order, so that what goes left of a threshold stays left of it.
    threshold = np.clip(codes, max(low - 1, -1 << 15), high).astype(np.int64)
    leaf = trees.feature < 0
    second = np.where(leaf, (trees.right + (1 << 15)) % (1 << 16) - (1 << 15), threshold)
    third = np.where(leaf, trees.right >> 16, trees.right)
    # Of what the file cannot tell apart: the low half of a leaf's number, as the kernel reads it.
    nodes = np.stack([trees.feature, second, third], axis=1).astype(np.int16)
    step = max(
        np.abs(trees.leaves).max() / _LARGEST_LEAF, np.abs(trees.base).max() / _LARGEST_BIAS
    )
    step = float(step) or 1.0
    stored = (
        nodes,
        trees.roots.astype(np.int32),
        np.rint(trees.leaves / step).astype(np.int16),
        np.rint(trees.base / step).astype(np.int32),
    )
    attrs = rescale(step / output.scale[0])
    return Quantized(attrs, output, layer.compute(x.actual), stored=stored)


permuted = with_last_kept
