"""What later stages rely on: the rules at the top of ir/graph.py."""

import numpy as np

from ..errors import PackError
from ..ir import GraphError, Model, Node, nhwc_view
from ..ops import attributes, infer_shape
from ..ops._views import AXES
from ..optable import OPS


def check_legal(model: Model) -> None:
    graph = model.graph
    for value in graph.values():
        if value.dtype != "f32":
            raise GraphError(f"{value.name} is {value.dtype}")
    for node in graph.nodes:
        _check(node)


def _check(node: Node) -> None:
    if node.op not in OPS:
        raise GraphError(f"{node.name}: {node.op} is no row of ops.def")
    # What a recurrent operator keeps is no value of the graph.
    if len(node.outputs) != 1 or None in node.inputs:
        raise GraphError(f"{node.name}: {node.op} has wrong inputs or outputs")
    if node.op != "reshape" and nhwc_view(infer_shape(node)) != nhwc_view(node.output.shape):
        raise GraphError(f"{node.name}: {node.op} does not give {node.output.shape}")
    if node.output.rank > AXES:
        raise PackError(
            f"node {node.name!r}: its output has {node.output.rank} axes; use no more than {AXES}"
        )
    attributes(node)  # says what the NHWC view cannot express
    for value in node.inputs:
        if value is not None and value.is_constant and not np.isfinite(value.data).all():
            raise PackError(
                f"node {node.name!r}: {value.name!r} holds NaN or infinite numbers;"
                " train the model again, it has diverged"
            )
