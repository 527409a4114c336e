"""What classical models of ONNX do with their scores at the end."""

from ..ir import Node, Value
from ._build import Builder, refuse


def post_transform(node: Node, build: Builder, scores: Value, kind: str) -> Value:
    if kind == "NONE":
        return scores
    if kind in ("SOFTMAX", "SOFTMAX_ZERO"):
        return build.node("softmax", scores)
    if kind == "LOGISTIC":
        return build.node("table", scores, function=("sigmoid", "x"))
    raise refuse(node, f"ends with {kind}", "export it with raw scores")
