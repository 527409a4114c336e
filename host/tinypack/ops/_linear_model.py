"""Linear models of ai.onnx.ml."""

import numpy as np

from ..errors import PackError
from ..ir import Node, Value
from ._build import Builder
from ._post_transform import post_transform

ONNX = ("LinearClassifier", "LinearRegressor")


def linear_model(node: Node, build: Builder) -> Value:
    x, attrs = node.input(0), node.attrs
    outputs = node.outputs[0].shape[-1]
    post = attrs.get("post_transform", "NONE")
    weights = np.array(attrs["coefficients"], np.float64)
    if weights.size % x.shape[-1]:
        raise PackError(
            f"node {node.name!r}: has {weights.size} coefficients for {x.shape[-1]} features;"
            " export it anew"
        )
    weights = weights.reshape(-1, x.shape[-1])
    bias = np.zeros(len(weights)) + np.array(attrs.get("intercepts") or 0.0)
    if node.op == "LinearClassifier" and len(weights) == 1 and outputs == 2:
        # One distance from the border between two classes.
        weights, bias = np.concatenate([-weights, weights]), np.concatenate([-bias, bias])
    if len(weights) != outputs:
        raise PackError(
            f"node {node.name!r}: has {len(weights)} rows of coefficients for {outputs} outputs;"
            " export it anew"
        )
    y = build.node(
        "fully_connected", x, build.constant(weights, "weights"), build.constant(bias, "bias")
    )
    return post_transform(node, build, y, post)
