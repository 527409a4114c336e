"""Inputs of integers that rows of a constant table are looked up with, as words of an embedding.

What exporters put between (types, what is added to negative ones, other axes) must leave each
index as it is: it is computed for all that the table has.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..errors import PackError
from ..ir import Array, Graph, Node, Value
from ..ops.gather import INDICES, MOST_ROWS

_MOVES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Gather")
_KINDS = {"s8": "i1", "s16": "i2", "s32": "i4", "s64": "i8", "u8": "u1", "u16": "u2", "u32": "u4"}
# Of an operator on the file's integers what it computes.
Compute = Callable[[Node, Sequence[Array | None]], list[Array]]


def bind_indices(graph: Graph, compute: Compute) -> None:
    """Such inputs become inputs of whole numbers, read by the tables themselves."""
    for node in [n for n in graph.nodes if n.op == "Gather" and n.input(0).is_constant]:
        if not node.input(1).is_constant:
            rows = node.input(0).shape[node.attrs.get("axis", 0)]
            if rows > MOST_ROWS:
                raise PackError(
                    f"node {node.name!r}: looks up one of {rows} rows; only {MOST_ROWS} can be"
                    " counted, take fewer words"
                )
            _bind(graph, node, 1, rows, compute)
    for value in graph.inputs:
        if value.quant == INDICES and not _is_only_looked_up(value):
            raise PackError(
                f"input {value.name!r} holds indices that the model also computes with, as"
                " mask_zero of an embedding does; train it without, or pack the layers behind"
            )


def _is_only_looked_up(value: Value) -> bool:
    return all(
        (node.op == "Gather" and position == 1)
        or (node.op in _MOVES and position == 0 and _is_only_looked_up(node.outputs[0]))
        for node, position in value.uses
    )


def _bind(graph: Graph, reader: Node, position: int, rows: int, compute: Compute) -> None:
    value = reader.input(position)
    found = _cone(value)
    if found is not None:
        nodes, source = found
        if not _keeps(nodes, source, value, rows, compute):
            raise PackError(
                f"node {reader.name!r}: looks up what is computed of {source.name!r}; feed the"
                " indices themselves"
            )
        reader.set_input(position, source)
        for node in reversed(nodes):
            if not any(output.uses or graph.is_output(output) for output in node.outputs):
                graph.remove(node)
        value = source
    before = value.producer
    if before is not None and before.op in _MOVES and not before.input(0).is_constant:
        value.dtype = "f32"
        _bind(graph, before, 0, rows, compute)
    elif graph.is_input(value):
        value.dtype, value.quant = "f32", INDICES


def _cone(value: Value) -> tuple[list[Node], Value] | None:
    """The nodes of single elements that make a value, in order, and the one they begin with."""
    nodes: list[Node] = []
    ends: list[Value] = []

    def visit(value: Value) -> None:
        node = value.producer
        if node is None or node.op in _MOVES:
            ends.extend([] if value.is_constant or value in ends else [value])
        elif node not in nodes:
            for operand in node.inputs:
                if operand is not None:
                    visit(operand)
            nodes.append(node)

    visit(value)
    return (nodes, ends[0]) if nodes and len(ends) == 1 else None


def _keeps(
    nodes: Sequence[Node], source: Value, result: Value, rows: int, compute: Compute
) -> bool:
    """Whether all indices come out as they go in. Constants must be single numbers, so that a row
    of all indices may stand for the source."""
    arrays: dict[Value, Array] = {source: np.arange(rows).astype(_KINDS.get(source.dtype, "f4"))}
    for node in nodes:
        operands = []
        for value in node.inputs:
            if value is not None and value.is_constant and value.data.size != 1:
                return False
            array = None if value is None else arrays.get(value, value.constant)
            operands.append(None if array is None else array.reshape(-1))
        if len(node.outputs) != 1:
            return False
        try:
            (arrays[node.output],) = compute(node, operands)
        except Exception:  # it is no operator of single elements
            return False
    return np.array_equal(arrays[result], np.arange(rows))
