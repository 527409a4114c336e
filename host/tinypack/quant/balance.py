"""Inputs whose features differ in size: one scale for all would leave nothing of the small ones.
Each gets its own mean and deviation, which what is behind it undoes: the weights of layers, the
thresholds of trees. Past these a product and a sum give a reader the features as they were.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..ir import FloatArray, Graph, Node, Value, constant
from ..ir.graph import Use
from ..ops._condition import STEPS

Floats = NDArray[np.float64]

# So many times the error's power makes it worth while.
_GAIN = 16.0
# So many times as far as the least of its features does an input reach that is worth the while.
_SPREAD = 4.0


def has_bounds(node: Node) -> bool:
    return "activation_min" in node.attrs or "activation_max" in node.attrs


def balance_inputs(graph: Graph, inputs: Sequence[FloatArray]) -> None:
    """`inputs` are calibration samples as ops.run takes them."""
    for value, x in zip(graph.inputs, inputs, strict=True):
        if (
            value.rank in (1, 2)
            and value.onnx_permutation is None
            and value.quant is None
            and value.users
            and not graph.is_output(value)
        ):
            _balance(graph, value, x.reshape(-1, value.shape[-1]).astype(np.float64))


def balance_joins(graph: Graph, inputs: Sequence[FloatArray]) -> None:
    """Parts of a row that differ in size, where their makers and their readers can undo it."""
    joins = [
        node
        for node in graph.nodes
        if node.op == "concat"
        and _moves(node)
        and node.output.shape[-1] == np.prod(node.output.shape)
        and not graph.is_output(node.output)
        and all(user.op in ("fully_connected", "tree_ensemble") for user in node.output.users)
    ]
    if not joins:
        return
    seen: dict[Value, list[FloatArray]] = {node.output: [] for node in joins}

    def visit(node: Node, _: Sequence[FloatArray], y: FloatArray) -> None:
        if node.output in seen:
            seen[node.output].append(y.reshape(len(y), -1))

    ops.run(graph, inputs, visit)
    for node in joins:
        x = np.concatenate(seen[node.output]).astype(np.float64)
        low, high = np.minimum(x.min(0), 0), np.maximum(x.max(0), 0)
        reach = np.maximum(high, -low)
        if reach.max() > _SPREAD * np.min(reach[reach > 0], initial=np.inf):
            reach[reach == 0] = reach.max()
            _undo(graph, node.output, _Affine(_divided(graph, node, reach), np.zeros(len(reach))))


def _divided(graph: Graph, join: Node, reach: Floats) -> Floats:
    """By what each element is divided now: its reach, or 1 where its maker cannot do so."""
    first = 0
    factors = []
    for value in join.inputs:
        assert value is not None
        own = reach[first : first + value.shape[-1]]
        first += value.shape[-1]
        maker = value.producer
        alone = maker is not None and len(value.uses) == 1 and not graph.is_output(value)
        if maker is not None and alone and not has_bounds(maker) and _is_divided(maker, own):
            factors.append(np.full_like(own, own.max()) if _is_whole(maker) else own)
        else:
            factors.append(np.ones_like(own))
    return np.concatenate(factors)


def _is_whole(maker: Node) -> bool:
    """Whether all its elements have one factor."""
    return maker.op in ("table", "tree_ensemble")


def _is_divided(maker: Node, reach: Floats) -> bool:
    """Whether it could be, and is."""
    if maker.op == "table":
        maker.attrs["function"] = ("mul", maker.attrs["function"], 1 / float(reach.max()))
    elif maker.op == "tree_ensemble":
        trees = maker.attrs["trees"]
        factor = 1 / float(reach.max())
        maker.attrs["trees"] = replace(
            trees, leaves=trees.leaves * factor, base=trees.base * factor
        )
    elif maker.op == "fully_connected" or _takes(maker):
        weights, bias = (maker.input(i).data.astype(np.float64) for i in (1, 2))
        weights = weights / reach.reshape(-1, *[1] * (weights.ndim - 1))
        _set(maker, weights, bias / reach)
    else:
        return False
    return True


def _set(node: Node, weights: Floats, bias: Floats) -> None:
    for position, array in ((1, weights), (2, bias)):
        name = f"{node.input(position).name}/balanced"
        node.set_input(position, constant(name, array.astype(np.float32)))


def _balance(graph: Graph, value: Value, x: Floats) -> None:
    low, high = x.min(0), x.max(0)
    reach = (high - low) / 2
    reach[reach == 0] = 1.0
    step = max(high.max(), 0.0) - min(low.min(), 0.0)
    readers = value.users
    if all(node.op == "fully_connected" for node in readers):
        power = sum(np.square(node.input(1).data.astype(np.float64)).sum(0) for node in readers)
        worth = _GAIN * float((power * np.square(2 * reach)).sum()) < float(power.sum()) * step**2
    else:
        worth = step > _SPREAD * float(2 * reach.min()) and _is_undone(graph, value)
    if not worth:
        return
    middle = (high + low) / 2
    value.normalize(middle, reach)
    _undo(graph, value, _Affine(reach, middle))


@dataclass(frozen=True)
class _Affine:
    """What readers wanted is `factor` * value + `offset`, by element of the last axis."""

    factor: Floats
    offset: Floats


def _is_undone(graph: Graph, value: Value) -> bool:
    """Whether some reader needs no product for it."""
    return not graph.is_output(value) and any(
        _is_undone(graph, node.output) if _moves(node) else _takes(node) for node in value.users
    )


def _moves(node: Node) -> bool:
    """Whether it only places features."""
    axis = node.output.rank - 1
    if node.op in ("gather", "concat"):
        return bool(node.attrs["axis"] == axis)
    return node.op == "slice" or (
        node.op == "reshape" and node.output.shape[-1:] == node.input(0).shape[-1:]
    )


def _takes(node: Node) -> bool:
    if node.op == "table":
        name, operand, *bound = node.attrs["function"]
        return name in STEPS and operand == "x" and bound == [0.0]
    if node.op == "depthwise_conv_2d":
        return node.input(1).data.size == node.output.shape[-1]
    return node.op in ("fully_connected", "tree_ensemble")


def _undo(graph: Graph, value: Value, by: _Affine) -> None:
    """For all readers of a value; of one that reads it twice for each reading."""
    for use in list(value.uses):
        node = use.node
        if _moves(node) and not graph.is_output(node.output):
            _undo(graph, node.output, _moved(node, use.position, by))
        elif node.op == "table" and _takes(node):
            # Where 0 lies is all that it asks for.
            _apply(graph, value, use, _Affine(np.ones_like(by.factor), by.offset / by.factor))
        elif _takes(node) and use.position == 0:
            _absorb(node, by)
        else:
            _apply(graph, value, use, by)


def _moved(node: Node, position: int, by: _Affine) -> _Affine:
    if node.op == "concat":
        sizes = [other.shape[-1] for other in node.inputs if other is not None]
        first = sum(sizes[:position])
        factor, offset = np.ones(sum(sizes)), np.zeros(sum(sizes))
        factor[first : first + sizes[position]] = by.factor
        offset[first : first + sizes[position]] = by.offset
        return _Affine(factor, offset)
    if node.op == "reshape":
        return by
    if node.op == "gather":
        picked = np.array(node.attrs["indices"])
    else:
        begin, step, size = (node.attrs[key][-1] for key in ("begin", "step", "size"))
        picked = begin + step * np.arange(size)
    return _Affine(by.factor[picked], by.offset[picked])


def _absorb(node: Node, by: _Affine) -> None:
    if node.op == "tree_ensemble":
        node.attrs["trees"] = node.attrs["trees"].scaled(by.offset, by.factor)
        return
    weights, bias = (node.input(i).data.astype(np.float64) for i in (1, 2))
    if node.op == "depthwise_conv_2d":
        bias = bias + weights.reshape(-1) * by.offset
        weights = weights * by.factor.reshape(weights.shape)
    else:
        bias = bias + weights @ by.offset
        weights = weights * by.factor
    _set(node, weights, bias)


def _apply(graph: Graph, value: Value, use: Use, by: _Affine) -> None:
    """The features as they were, as a layer of one weight each."""
    output = Value(graph.fresh_name(f"{value.name}/unbalanced"), value.shape)
    weights, bias = (
        constant(f"{output.name}/{name}", array.astype(np.float32))
        for name, array in (("weights", by.factor.reshape(-1, 1, 1, 1)), ("bias", by.offset))
    )
    graph.insert(Node("depthwise_conv_2d", [value, weights, bias], [output]), use.node)
    use.node.set_input(use.position, output)
