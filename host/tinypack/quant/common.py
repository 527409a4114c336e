"""The scale that all inputs of a concat share with its output.

An input computed for the concat alone takes that scale itself, without loss: its values are
rounded to it once, in the layer that makes them. So does one whose other readers lose at most a
bit. The quantizer puts a quantize node in front of what cannot follow.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..ir import FloatArray, Graph, Node, QuantParams, Value, constant
from .observe import affine_range, integers, thinned

JOINS = ("concat", "maximum", "minimum")
# An input with other readers may get a scale so many times its own.
_COARSER = 2.0
# Values kept of each tensor and group of samples.
_KEPT = 20_000


def common_scales(
    graph: Graph, inputs: Sequence[FloatArray], dtype: str
) -> dict[Value, QuantParams]:
    """Integers of `dtype` by value: outputs of concats, and values that should have the same."""
    joins = [node for node in graph.nodes if node.op in JOINS]
    if not joins:
        return {}
    seen = _seen(graph, inputs, joins)
    common: dict[Value, QuantParams] = {}
    # From the last on: the output of one concat may follow the scale of another.
    for node in reversed(joins):
        params = common.setdefault(node.output, integers(seen[node.output], dtype))
        for position, value in enumerate(node.inputs):
            assert value is not None
            if value.is_constant:
                common[_own_constant(graph, node, position)] = params
                continue
            scale, _ = affine_range(float(seen[value].min()), float(seen[value].max()))
            # s16 has bits to spare.
            shared = dtype == "s16" or params.scale[0] <= _COARSER * scale
            if (source := _source(graph, value, node, shared)) is not None:
                common.setdefault(source, params)
    return common


def rescale_inputs(
    graph: Graph,
    node: Node,
    params: Mapping[Value, QuantParams],
    common: dict[Value, QuantParams],
) -> Iterator[Node]:
    """Puts quantize nodes in front of a concat, for inputs that have other integers by now."""
    wanted = common[node.output]
    for position, value in enumerate(node.inputs):
        assert value is not None
        if value.is_constant or params[value] == wanted:
            continue
        output = Value(graph.fresh_name(f"{value.name}/rescaled"), value.shape)
        common[output] = wanted
        yield graph.insert(Node("quantize", [value], [output], {}, node.name), node)
        node.set_input(position, output)


def _own_constant(graph: Graph, node: Node, position: int) -> Value:
    """A constant that nobody else reads."""
    value = node.input(position)
    if len(value.uses) > 1:
        value = constant(graph.fresh_name(f"{value.name}/joined"), value.data)
        node.set_input(position, value)
    return value


def _source(graph: Graph, value: Value, reader: Node, shared: bool) -> Value | None:
    """Where the integers of a concat's input are made, if they may be the concat's."""
    while True:
        alone = value.users == [reader] and not graph.is_output(value)
        if not alone and not shared:
            return None
        producer = value.producer
        if producer is None or not ops.keeps_scale(producer):
            return value
        reader, value = producer, producer.input(0)


def _seen(
    graph: Graph, inputs: Sequence[FloatArray], joins: Sequence[Node]
) -> dict[Value, NDArray[np.float32]]:
    """Some values of what goes into concats and comes out."""
    wanted = {value for node in joins for value in (*node.inputs, node.output)}
    parts: dict[Value, list[NDArray[np.float32]]] = defaultdict(list)

    def keep(value: Value, array: FloatArray) -> None:
        parts[value].append(thinned(array.reshape(-1), _KEPT))

    def visit(node: Node, _: Sequence[FloatArray], y: FloatArray) -> None:
        if node.output in wanted:
            keep(node.output, y)

    ops.run(graph, inputs, visit)
    for value, array in zip(graph.inputs, inputs, strict=True):
        if value in wanted:
            keep(value, array)
    return {value: np.concatenate(arrays).astype(np.float32) for value, arrays in parts.items()}
