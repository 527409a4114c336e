"""A quantized model of windows as one of single time steps, whose state stays from run to run.

Ranges are those of whole windows and no integer changes: after the last step of a window the
outputs are exactly those that the model of windows gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product
from math import prod

from .. import ops
from ..errors import PackError
from ..ir import Graph, Node, Shape, Value, verify
from ..ops._build import refuse
from ..ops._layer import Quantized
from ..ops._recurrent import sizes_of, weights_of
from ..ops.gather import is_computed
from .quantizer import QuantizedGraph

RECURRENT = ("gru", "lstm", "rnn")
# They compute each element, or each vector of the last axis, for itself.
_OF_ELEMENTS = ("table", "quantize")
_OF_VECTORS = ("fully_connected", "normalize", "softmax", "arg_max", "top_k", "tree_ensemble")
_OF_OPERANDS = ("add", "mul", "maximum", "minimum")
_OF_WINDOWS = ("conv_2d", "depthwise_conv_2d", "max_pool_2d", "average_pool_2d")

# Of sequences that stand in for samples.
_NOISE_STEPS = 16
_LAST_ONLY = "let it read the last step alone"


def recurrent_nodes(graph: Graph) -> list[Node]:
    found = [node for node in graph.nodes if node.op in RECURRENT]
    if not found:
        raise PackError(
            "stateful packing keeps the state of GRU, LSTM and RNN layers from run to run but the"
            " model has none; leave the option out"
        )
    return found


def by_step(quantized: QuantizedGraph) -> tuple[QuantizedGraph, dict[str, tuple[int, int]]]:
    """Changes the graph; PackError names the node that does not work step by step.

    Behind it axis and number of steps of the windows that each input took, by its name.
    """
    graph = quantized.graph
    recurrent = recurrent_nodes(graph)
    steps = sizes_of(recurrent[0])[0]
    for node in recurrent:
        if weights_of(node).initial is not None:
            raise refuse(node, "starts from a state that is not zero", "train it from zero")
        node.attrs["stateful"] = 1
    quantized = replace(quantized, nodes={n: _kept(r) for n, r in quantized.nodes.items()})
    if steps == 1:
        return quantized, dict(graph.windows)
    axes = _axes_of_time(graph, steps)
    windows = {value.name: (axes[value], steps) for value in graph.inputs if value in axes}
    for node in graph.nodes:
        if (x := node.input(0)) in axes and node.op in ("slice", "gather"):
            _read_one(node, axes[x])
    for value, axis in axes.items():
        value.shape = _with(value.shape, axis, 1)
    verify(graph)
    return quantized, windows


def _kept(result: Quantized) -> Quantized:
    if result.state is None:
        return result
    return replace(result, state=replace(result.state, kept=True))


def expect_sequences(graph: Graph, samples: Mapping[str, Shape] | None) -> None:
    """A model of single steps gets samples of many, shaped as given by input's name.

    From zero its state would never come to what it is later on.
    """
    recurrent = recurrent_nodes(graph)
    if any(sizes_of(node)[0] != 1 for node in recurrent):
        return
    for value in graph.inputs:
        size, given = prod(value.shape), _NOISE_STEPS * prod(value.shape)
        if samples is not None:
            given = prod(samples[value.name])
        if 1 in value.shape and given > size and given % size == 0:
            graph.windows[value.name] = (value.shape.index(1), given // size)
    if len({steps for _, steps in graph.windows.values()}) != 1:
        raise PackError(
            "the model takes single time steps but its state needs samples of many;"
            " give them as [samples, steps, ...]"
        )
    for node in recurrent:
        node.attrs["runs"] = graph.runs


def _with(shape: Sequence[int], axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _read_one(node: Node, axis: int) -> None:
    """All steps, or the last of them, are now the only one."""
    if node.op == "slice":
        for key, number in (("begin", 0), ("step", 1), ("size", 1)):
            node.attrs[key] = _with(node.attrs[key], axis, number)
    elif node.attrs["axis"] == axis:
        node.attrs["indices"] = (0,)


def _axes_of_time(graph: Graph, steps: int) -> dict[Value, int]:
    """The axis of every value that has one, by the choice of input axes that explains all."""
    choices: list[list[int | None]] = [
        [axis for axis, size in enumerate(value.shape) if size == steps] or [None]
        for value in graph.inputs
    ]
    errors = []
    for chosen in product(*choices):
        axes = {v: a for v, a in zip(graph.inputs, chosen, strict=True) if a is not None}
        try:
            _follow(graph, steps, axes)
        except _Obstacle as error:
            errors.append(error)
        else:
            return axes
    # The choice that came farthest was meant.
    raise max(errors, key=lambda error: error.place).error


class _Obstacle(Exception):
    def __init__(self, place: int, error: PackError) -> None:
        super().__init__(str(error))
        self.place, self.error = place, error


def _follow(graph: Graph, steps: int, axes: dict[Value, int]) -> None:
    """Adds the axes of what nodes compute."""
    for place, node in enumerate(graph.nodes):
        try:
            axis = _axis(node, steps, axes)
            if axis is not None and graph.is_output(node.output):
                raise refuse(
                    node, f"gives an output for each of {steps} steps", "keep the last one only"
                )
        except PackError as error:
            raise _Obstacle(place, error) from error
        if axis is not None:
            axes[node.output] = axis


def _axis(node: Node, steps: int, axes: Mapping[Value, int]) -> int | None:
    """Of a node's output; None where it has no steps."""
    operands = [v for v in node.inputs if v is not None and not v.is_constant]
    x = operands[0]
    if node.op in RECURRENT and (x not in axes or axes[x] != 0):
        raise refuse(node, f"does not run along the {steps} steps of the input", _LAST_ONLY)
    if not any(value in axes for value in operands):
        return None
    if not all(value in axes for value in operands):
        raise refuse(node, "joins single steps with what has none", "join behind the last step")
    axis = axes[x]
    if node.op == "gather" and is_computed(node):
        raise refuse(node, "looks up steps", "pack the model of whole windows instead")
    if node.op in RECURRENT:
        return None if node.attrs["last"] else 0
    if node.op in _OF_OPERANDS or node.op == "concat":
        return _of_operands(node, axis, axes)
    if node.op == "slice":
        return _sliced(node, axis, steps)
    if node.op == "gather" and node.attrs["axis"] == axis:
        if tuple(node.attrs["indices"]) != (steps - 1,):
            raise refuse(node, "reads other steps than the last one", _LAST_ONLY)
        return None
    if node.op == "transpose":
        return tuple(node.attrs["perm"]).index(axis)
    if node.op == "reshape":
        return _reshaped(node, axis)
    if not _keeps_apart(node, axis):
        raise refuse(
            node, "looks at several time steps at once", "pack the model of whole windows instead"
        )
    return axis


def _of_operands(node: Node, axis: int, axes: Mapping[Value, int]) -> int:
    rank = node.output.rank
    if node.op == "concat" and node.attrs["axis"] == axis:
        raise refuse(node, "joins time steps", "join along another axis")
    from_right = {v.rank - axes[v] for v in node.inputs if v is not None and v in axes}
    if len(from_right) > 1:
        raise refuse(node, "joins steps along different axes", "let all have the same layout")
    axis = rank - from_right.pop()
    for value in node.inputs:
        if value is None or not value.is_constant:
            continue
        place = axis - rank + value.rank
        if place >= 0 and value.shape[place] != 1:
            raise refuse(node, "has a constant for each time step", "use the same at all steps")
    return axis


def _sliced(node: Node, axis: int, steps: int) -> int | None:
    begin, step, size = (node.attrs[key][axis] for key in ("begin", "step", "size"))
    if (begin, step, size) == (0, 1, steps):
        return axis
    if size == 1 and begin == steps - 1:
        return None
    if step < 0 and size == steps:
        raise refuse(node, "turns time around", "train it forwards in time")
    raise refuse(node, "reads other steps than the last one", _LAST_ONLY)


def _reshaped(node: Node, axis: int) -> int:
    x, y = node.input(0).shape, node.output.shape
    for place, size in enumerate(y):
        if size == x[axis] and prod(y[:place]) == prod(x[:axis]):
            return place
    raise refuse(node, "mixes time steps with other axes", "let it keep the axis of time")


def _keeps_apart(node: Node, axis: int) -> bool:
    """Whether every step of the output comes from the same step of the input alone."""
    attrs, from_right = node.attrs, node.input(0).rank - axis
    if node.op in _OF_ELEMENTS or node.op == "gather":
        return True
    if node.op in _OF_VECTORS:
        return from_right > 1 and node.output.shape[axis] == node.input(0).shape[axis]
    if node.op in ("mean", "reduce_max"):
        return axis not in attrs["axes"]
    if node.op == "pad":
        return not attrs["before"][axis] and not attrs["after"][axis]
    if node.op in _OF_WINDOWS and from_right > 1:
        names = {2: ("w", "left", "right"), 3: ("h", "top", "bottom")}.get(from_right)
        return names is None or _spans_one(node, *names)
    return False


def _spans_one(node: Node, side: str, before: str, after: str) -> bool:
    known = ops.attributes(node)
    values: Iterable[int] = (
        known.get(f"kernel_{side}", 1),
        known.get(f"stride_{side}", 1),
        1 + known.get(f"pad_{before}", 0),
        1 + node.attrs.get(f"pad_{after}", 0),
    )
    return all(value == 1 for value in values) and (
        len(node.inputs) < 2 or node.input(1).shape[1 if side == "h" else 2] == 1
    )
