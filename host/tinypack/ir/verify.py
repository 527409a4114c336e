"""The invariants of a graph, checked after every pass. A violation is a bug of ours."""

from math import prod

from .graph import Graph, Node, Use, Value
from .tensor import DTYPES, dtype_of


class GraphError(ValueError):
    """A pass left a graph that contradicts itself."""


def verify(graph: Graph) -> None:
    known = {id(value) for value in graph.inputs}
    names: dict[str, Value] = {}
    uses: dict[int, list[Use]] = {}
    for value in graph.values():
        _verify_value(value)
        if names.setdefault(value.name, value) is not value:
            raise GraphError(f"two values are called {value.name}")
    for node in graph.nodes:
        _verify_node(node, known)
        for position, operand in enumerate(node.inputs):
            if operand is not None:
                uses.setdefault(id(operand), []).append(Use(node, position))
        known.update(id(output) for output in node.outputs)
    for value in graph.values():
        if sorted(map(_order, value.uses)) != sorted(map(_order, uses.get(id(value), []))):
            raise GraphError(f"{value.name} does not know its uses")
    for value in graph.inputs:
        if value.producer is not None or value.is_constant:
            raise GraphError(f"input {value.name} is computed")
    for value in graph.outputs:
        if id(value) not in known:
            raise GraphError(f"output {value.name} is never computed")


def _order(use: Use) -> tuple[int, int]:
    return id(use.node), use.position


def _verify_value(value: Value) -> None:
    if value.dtype not in DTYPES:
        raise GraphError(f"{value.name} has the unknown type {value.dtype}")
    if any(size < 0 for size in value.shape) or (not value.is_constant and 0 in value.shape):
        raise GraphError(f"{value.name} has the shape {value.shape}")
    if value.constant is not None:
        if value.constant.shape != value.shape:
            raise GraphError(f"{value.name} is {value.constant.shape}, not {value.shape}")
        # s4 has no array type of its own
        if dtype_of(value.constant) != value.dtype and value.dtype != "s4":
            raise GraphError(f"{value.name} is {value.constant.dtype}, not {value.dtype}")
    if (order := value.onnx_permutation) and sorted(order) != list(range(value.rank)):
        raise GraphError(f"{value.name}: {order} is no permutation of its axes")


def _verify_node(node: Node, known: set[int]) -> None:
    if not node.outputs:
        raise GraphError(f"{node.name} has no output")
    for value in node.inputs:
        if value is not None and not value.is_constant and id(value) not in known:
            raise GraphError(f"{node.name} reads {value.name} before it is computed")
    for output in node.outputs:
        if output.producer is not node or id(output) in known:
            raise GraphError(f"{output.name} has another producer than {node.name}")
        if prod(output.shape) > 1 << 28:
            raise GraphError(f"{output.name} has {prod(output.shape)} elements")
