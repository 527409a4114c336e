"""Support vector machines of ai.onnx.ml: kernels of x with every vector, then a linear layer."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..errors import PackError
from ..ir import Node, Value
from ._build import Builder, refuse
from ._post_transform import post_transform

ONNX = ("SVMClassifier", "SVMRegressor")

Floats = NDArray[np.float64]

# exp() of less is below half a step of s8.
_LEAST_EXPONENT = -7.0
# So many times the distance from a border, and a pair's vote is whole.
_STEEP = 4096.0
# Both names of the class labels.
_CLASSES = ("classlabels_ints", "classlabels_strings")


def support_vectors(node: Node, build: Builder) -> Value:
    attrs, x = node.attrs, node.input(0)
    vectors = np.array(attrs.get("support_vectors", ()), np.float64)
    if not vectors.size or vectors.size % x.shape[-1] or attrs.get("one_class", 0):
        raise refuse(node, "is no classifier or regressor of vectors", "train an SVC or SVR")
    vectors = vectors.reshape(-1, x.shape[-1])
    rho = np.array(attrs["rho"], np.float64)
    post = attrs.get("post_transform", "NONE")
    if node.op == "SVMRegressor":
        factors = np.array(attrs["coefficients"], np.float64).reshape(1, len(vectors))
        return post_transform(node, build, _decision(node, build, vectors, factors, rho), post)
    classes = max(len(attrs.get(key, ())) for key in _CLASSES)
    factors = _pairs(node, classes, len(vectors))
    if attrs.get("prob_a"):
        return _probability(node, build, vectors, factors, rho, classes)
    if classes == 2:
        # The distance from the border, seen from either class; onnxruntime gives the columns the
        # other way round, not in the order of the labels.
        both = np.array([[1.0], [-1.0]])
        y = _decision(node, build, vectors, both @ factors, both @ rho)
        return post_transform(node, build, y, post)
    y = _decision(node, build, vectors, factors, rho)
    return (
        _votes(build, y, classes) if attrs.get("votes") else post_transform(node, build, y, post)
    )


def _pairs(node: Node, classes: int, count: int) -> Floats:
    """libsvm's coefficients as a row for each pair of classes."""
    each = node.attrs.get("vectors_per_class", ())
    given = np.array(node.attrs["coefficients"], np.float64)
    if len(each) != classes or sum(each) != count or given.size != (classes - 1) * count:
        raise PackError(f"node {node.name!r}: its vectors do not fit its classes; export it anew")
    given = given.reshape(classes - 1, count)
    ends = np.cumsum((0, *each))
    rows = np.zeros((classes * (classes - 1) // 2, count))
    for row, (i, j) in zip(rows, combinations(range(classes), 2), strict=True):
        row[ends[i] : ends[i + 1]] = given[j - 1, ends[i] : ends[i + 1]]
        row[ends[j] : ends[j + 1]] = given[i, ends[j] : ends[j + 1]]
    return rows


def _decision(node: Node, build: Builder, vectors: Floats, factors: Floats, rho: Floats) -> Value:
    x = node.input(0)
    if node.attrs.get("kernel_type", "LINEAR") == "LINEAR":
        return _layer(build, x, factors @ vectors, rho)
    return _layer(build, _kernels(node, build, vectors), factors, rho)


def _layer(build: Builder, x: Value, weights: Floats, bias: Floats) -> Value:
    return build.node(
        "fully_connected", x, build.constant(weights, "weights"), build.constant(bias, "bias")
    )


def _kernels(node: Node, build: Builder, vectors: Floats) -> Value:
    x, kind = node.input(0), node.attrs["kernel_type"]
    gamma, offset, degree = node.attrs.get("kernel_params", (0.0, 0.0, 3.0))
    if kind != "RBF":
        y = _layer(build, x, gamma * vectors, np.full(len(vectors), offset))
        function = ("tanh", "x") if kind == "SIGMOID" else ("pow", "x", float(degree))
        return build.node("table", y, function=function)
    # |x - v|^2 around the vectors' centre, where its parts are small.
    centre = vectors.mean(0)
    shape = (1,) * (x.rank - 1) + (-1,)
    x = build.node("add", x, build.constant(-centre.reshape(shape), "centre"))
    vectors = vectors - centre
    products = _layer(build, x, 2 * gamma * vectors, -gamma * np.square(vectors).sum(1))
    squares = _layer(
        build, build.node("mul", x, x), np.full((1, vectors.shape[1]), -gamma), np.zeros(1)
    )
    exponent = build.node(
        "add", products, squares, activation_min=_LEAST_EXPONENT, activation_max=0.0
    )
    return build.node("table", exponent, function=("exp", "x"))


def _probability(
    node: Node, build: Builder, vectors: Floats, factors: Floats, rho: Floats, classes: int
) -> Value:
    if classes != 2:
        raise refuse(
            node,
            f"couples the probabilities of {classes} classes by iteration",
            "train it with probability=False",
        )
    (a,), (b,) = node.attrs["prob_a"], node.attrs["prob_b"]
    # Platt's: 1 / (1 + exp(a * d + b)) is the share of the first class.
    both = np.array([[-a], [a]])
    y = _decision(node, build, vectors, both @ factors, both @ rho + [-b, b])
    return build.node("table", y, function=("sigmoid", "x"))


def _votes(build: Builder, y: Value, classes: int) -> Value:
    """Each pair's vote for a class, and less than half of one by how clear it was."""
    pairs = list(combinations(range(classes), 2))
    signs = np.zeros((classes, len(pairs)))
    for column, (i, j) in enumerate(pairs):
        signs[i, column], signs[j, column] = 1.0, -1.0
    # A step of a table of s16 would be a slope; a layer that is clamped has a steep one.
    voted = build.node(
        "fully_connected",
        y,
        build.constant(_STEEP * np.eye(len(pairs)), "weights"),
        build.constant(np.full(len(pairs), 0.5), "bias"),
        activation_min=0.0,
        activation_max=1.0,
    )
    votes = _layer(build, voted, signs, (signs < 0).sum(1).astype(np.float64))
    clear = _layer(build, y, signs, np.zeros(classes))
    size = ("mul", 3.0, ("add", ("abs", "x"), 1.0))
    clear = build.node("table", clear, function=("mul", "x", ("reciprocal", size)))
    return build.node("add", votes, clear)
