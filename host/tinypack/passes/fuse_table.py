"""Elementwise operators that together compute a function of one value become one table:
x * sigmoid(x), x * clip(x + 3, 0, 6) / 6, 0.5 * x * (1 + erf(x / sqrt(2))) ...
"""

from ..ir import Graph, Model, Node, Value
from ..ops._build import Builder
from ..ops.quantize import is_mark
from ..ops.table import Expression
from . import _movement as movement
from ._constants import is_affine, is_one_number

_OPS = ("table", "quantize", "add", "mul", "minimum", "maximum")
_FUNCTIONS = {"add": "add", "mul": "mul", "minimum": "min", "maximum": "max"}
# A value that is used twice stands twice in the expression; this bounds the growth.
_LARGEST = 256


def fuse_table(model: Model) -> None:
    graph = model.graph
    for node in reversed(graph.nodes.copy()):
        if node in graph.nodes and node.op in _OPS:
            _fuse(graph, node)


def _fuse(graph: Graph, node: Node) -> None:
    cone = _cone(graph, node)
    if cone is None:
        return
    nodes, source = cone
    if len(nodes) == 1 and node.op in ("table", "quantize"):
        return
    function = _expression(node.output, source, nodes)
    if _size(function) > _LARGEST:
        return
    table = Builder(graph, node).node("table", source, function=function)
    movement.replace(graph, node, table)


def _cone(graph: Graph, node: Node) -> tuple[set[Node], Value] | None:
    """The most operators that end in `node`, have no other readers and begin with one value."""
    order = {other: place for place, other in enumerate(graph.nodes)}
    nodes = {node}
    best: tuple[set[Node], Value] | None = None
    while True:
        leaves = {value for n in nodes for value in _operands(n) if value.producer not in nodes}
        if len(leaves) == 1:
            (leaf,) = leaves
            if leaf.shape == node.output.shape:
                best = set(nodes), leaf
        inner = [
            value.producer
            for value in leaves
            if value.producer is not None
            and _is_elementwise(value.producer)
            and value.shape == node.output.shape
            and not graph.is_output(value)
            and all(use.node in nodes for use in value.uses)
        ]
        if not inner or not _is_elementwise(node):
            return best if _is_elementwise(node) else None
        nodes.add(max(inner, key=order.__getitem__))


def _is_elementwise(node: Node) -> bool:
    if any(value.is_constant for value in _inputs(node)):
        return node.op in ("add", "mul") and is_affine(node) and is_one_number(node)
    return node.op in _OPS and not is_mark(node)


def _inputs(node: Node) -> list[Value]:
    return [value for value in node.inputs if value is not None]


def _operands(node: Node) -> list[Value]:
    return [value for value in _inputs(node) if not value.is_constant]


def _expression(value: Value, source: Value, nodes: set[Node]) -> Expression:
    if value is source:
        return "x"
    if value.is_constant:
        return float(value.data.reshape(-1)[0])
    node = value.producer
    assert node is not None and node in nodes
    operands = [_expression(operand, source, nodes) for operand in _inputs(node)]
    if node.op == "table":
        result = _substituted(node.attrs["function"], operands[0])
    elif node.op == "quantize":
        result = operands[0]
    elif node.attrs.get("subtract"):
        result = ("add", operands[0], ("neg", operands[1]))
    else:
        result = (_FUNCTIONS[node.op], *operands)
    if "activation_min" in node.attrs:
        result = ("max", result, float(node.attrs["activation_min"]))
    if "activation_max" in node.attrs:
        result = ("min", result, float(node.attrs["activation_max"]))
    return result


def _substituted(function: Expression, x: Expression) -> Expression:
    if function == "x":
        return x
    if isinstance(function, tuple):
        return (function[0], *(_substituted(operand, x) for operand in function[1:]))
    return function


def _size(function: Expression) -> int:
    return 1 + sum(map(_size, function[1:])) if isinstance(function, tuple) else 1
