"""What later stages rely on: the rules at the top of ir/graph.py."""

import numpy as np

from ..errors import PackError, contradictions
from ..ir import GraphError, Model, Node, nhwc_view
from ..ops import LARGEST, attributes, infer_shape
from ..ops._mask import masked
from ..ops._views import AXES
from ..optable import OPS


def check_legal(model: Model) -> None:
    graph = model.graph
    for value in graph.values():
        if value.dtype != "f32":
            raise GraphError(f"{value.name} is {value.dtype}")
    check_nodes(model)


def check_nodes(model: Model) -> None:
    for node in model.graph.nodes:
        _check(node)


def _check(node: Node) -> None:
    if node.op not in OPS:
        raise GraphError(f"{node.name}: {node.op} is no row of ops.def")
    # What a recurrent operator keeps is no value of the graph.
    if len(node.outputs) != 1 or None in node.inputs:
        raise GraphError(f"{node.name}: {node.op} has wrong inputs or outputs")
    with contradictions(f"node {node.name!r}: {node.op}"):
        shape = node.output.shape if node.op == "reshape" else infer_shape(node)
    if nhwc_view(shape) != nhwc_view(node.output.shape):
        raise GraphError(f"{node.name}: {node.op} does not give {node.output.shape}")
    if node.output.rank > AXES:
        raise PackError(
            f"node {node.name!r}: its output has {node.output.rank} axes; use no more than {AXES}"
        )
    with contradictions(f"node {node.name!r}: {node.op}"):
        attributes(node)  # says what the NHWC view cannot express
    for value in node.inputs:
        if value is None or not value.is_constant:
            continue
        if not value.data.size:
            raise PackError(f"node {node.name!r}: {value.name!r} is empty; export the model anew")
        away = masked(node)
        if node.op == "add" and away is None and np.isneginf(value.data).any():
            raise PackError(
                f"node {node.name!r}: adds minus infinity, as a mask of attention does, but no"
                " softmax reads the sum; end the model in front of it, or leave the mask out"
            )
        data = value.data if away is None else value.data[~away]
        if not np.isfinite(data).all():
            raise PackError(
                f"node {node.name!r}: {value.name!r} holds NaN or infinite numbers;"
                " train the model again, it has diverged"
            )
        if np.abs(data).max(initial=0.0) > LARGEST:
            raise PackError(
                f"node {node.name!r}: {value.name!r} holds numbers beyond {LARGEST:.0e};"
                " train the model again, it has diverged, or mask with -100"
            )
