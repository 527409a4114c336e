"""The graph between import and model file: Model, Graph, Node, Value.

A Value has at most one producer and knows its uses; a constant is a Value with `constant` set, and
no producer. Nodes stand in execution order. Graph changes go through the methods here, which keep
producers and uses true; ir/verify.py checks them.

How to read a legal graph, that is, what `passes.run(model)` leaves:

- Every `node.op` is a row of ops.def, every value is f32, sizes are fixed. Operators see the NHWC
  view of a shape (ir/tensor.py), so [1, 64], [1, 1, 1, 64] and [64] are the same to them; only
  transpose, pad, concat, slice and gather look at each axis. fully_connected takes [..., c] row
  by row.
- `node.attrs` holds what ops.def calls an attribute under the same name, as far as it does not
  come from quantization, and float facts (below). `ops.attributes(node)` gives the integers of
  ops.def. Inputs are those of ops.def, float: for linear layers (x, weights, bias), weights and
  bias being constants and bias never absent.

  | op | constants | attrs beside those of ops.def |
  |---|---|---|
  | conv_2d | weights [oc, kh, kw, c / groups], bias [oc] | pad_bottom, pad_right |
  | depthwise_conv_2d | weights [oc, kh, kw, 1], bias [oc] | pad_bottom, pad_right |
  | transpose_conv_2d | as conv_2d | pad_bottom, pad_right, negative behind the last tap |
  | fully_connected | weights [oc, c], bias [oc] | |
  | add | any input may be constant | subtract (1: input 0 - input 1) |
  | mul | any input may be constant | |
  | average_pool_2d | | pad_bottom, pad_right, count_include_pad (1: divide by the whole window) |
  | max_pool_2d | | pad_bottom, pad_right; padding is never the maximum |
  | softmax | | over the last axis |
  | pad | | before, after: a size per axis; value: float |
  | mean | | axes: tuple; averaged axes keep size 1; total (1: their sum) |
  | table | no second input yet | function: expression in x, see ops/table.py |
  | concat | any input may be constant | axis |
  | reduce_max | | axes: tuple; these axes keep size 1; minimum |
  | arg_max | | over the last axis, which keeps size 1; minimum, select_last |
  | top_k | | over the last axis; k, minimum, indices |
  | batch_matmul | matrices | transposed: whether the second ones are |
  | normalize | | over the last axis; centred, norm, eps, factor, offset: see ops/normalize.py |
  | reduce_max | | axes: tuple; these axes keep size 1; minimum |
  | arg_max | | over the last axis, which keeps size 1; minimum, select_last |
  | top_k | | over the last axis; k, minimum, indices |
  | batch_matmul | any input may be constant | transposed: whether the second matrices are |
  | slice | | begin, step, size: a number per axis |
  | gather | a table, where the indices are input 1 | axis; indices: tuple, of no input 1 |
  | tree_ensemble | | trees: see ops/_trees.py |
  | transpose | | perm: tuple, output axis j is input axis perm[j] |
  | quantize | | a clamp, if nothing could take it |

- `activation_min`, `activation_max` are float bounds of the output (Relu: activation_min 0.0);
  the key is absent where there is no bound. Operators with these attributes in ops.def have them.
- Graph inputs and outputs keep order and names of the source model. Outputs keep their shape and
  layout. An input whose layout changed has `onnx_permutation`: the packed model's input is
  `source_input.transpose(onnx_permutation)`, its shape already permuted. None: the same bytes.
  One with `normalization` (mean, std), per element of the last axis, stands for (x - mean) / std;
  the model file's quantizer does that, callers of `ops.run(graph, inputs)` have to.
- Computing a graph: `ops.run(graph, inputs)`; one node: `ops.float_(node, *arrays)`. Arrays there
  have one more axis in front, the sample.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .tensor import Array, QuantParams, Shape, dtype_of


class Use(NamedTuple):
    """`node` reads the value as its input number `position`."""

    node: "Node"
    position: int


class Value:
    """An edge of the graph: what a node computes, an input, or a constant."""

    def __init__(
        self,
        name: str,
        shape: Iterable[int],
        dtype: str = "f32",
        *,
        constant: Array | None = None,
        quant: QuantParams | None = None,
    ) -> None:
        self.name = name
        self.shape: Shape = tuple(int(size) for size in shape)
        self.dtype = dtype
        self.constant = constant
        self.quant = quant
        self.onnx_permutation: tuple[int, ...] | None = None
        self.normalization: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self.producer: Node | None = None
        self.uses: list[Use] = []

    @property
    def is_constant(self) -> bool:
        return self.constant is not None

    @property
    def data(self) -> Array:
        """The array of a constant."""
        if self.constant is None:
            raise ValueError(f"{self.name} is not constant")
        return self.constant

    def normalize(self, mean: NDArray[np.float64], std: NDArray[np.float64]) -> None:
        """(x - mean) / std of an input, behind what is already done to it."""
        if self.normalization is not None:
            before, deviation = self.normalization
            mean, std = before + mean * deviation, std * deviation
        self.normalization = mean, std

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def users(self) -> list["Node"]:
        """Nodes that read it, each once."""
        return list(dict.fromkeys(use.node for use in self.uses))

    def __repr__(self) -> str:
        return f"<Value {self.name} {self.dtype}{list(self.shape)}>"


def constant(name: str, array: Array) -> Value:
    return Value(name, array.shape, dtype_of(array), constant=array)


class Node:
    """An operator at work; an absent optional input is None."""

    def __init__(
        self,
        op: str,
        inputs: Sequence[Value | None],
        outputs: Sequence[Value],
        attrs: Mapping[str, Any] | None = None,
        name: str = "",
    ) -> None:
        self.op = op
        self.name = name
        self.attrs: dict[str, Any] = dict(attrs or {})
        self.outputs = tuple(outputs)
        self._inputs: list[Value | None] = []
        for output in self.outputs:
            if output.producer is not None or output.is_constant:
                raise ValueError(f"{output.name} is made twice")
            output.producer = self
        self.set_inputs(inputs)

    @property
    def inputs(self) -> tuple[Value | None, ...]:
        return tuple(self._inputs)

    @property
    def output(self) -> Value:
        """The only output."""
        (output,) = self.outputs
        return output

    def input(self, index: int) -> Value:
        """An input that must be there."""
        value = self._inputs[index]
        if value is None:
            raise ValueError(f"{self.name}: input {index} is absent")
        return value

    def set_inputs(self, inputs: Sequence[Value | None]) -> None:
        for index, value in enumerate(self._inputs):
            if value is not None:
                value.uses.remove(Use(self, index))
        self._inputs = list(inputs)
        for index, value in enumerate(self._inputs):
            if value is not None:
                value.uses.append(Use(self, index))

    def set_input(self, index: int, value: Value | None) -> None:
        inputs = list(self._inputs)
        inputs[index] = value
        self.set_inputs(inputs)

    def __repr__(self) -> str:
        return f"<Node {self.op} {self.name}>"


class Graph:
    def __init__(self, name: str = "") -> None:
        self.name = name
        self.inputs: list[Value] = []
        self.outputs: list[Value] = []
        self.nodes: list[Node] = []
        # Whether it was made of integers, to be computed as TensorFlow Lite Micro does.
        self.of_integers = False
        # Axis and number of the steps that a sample of an input holds, where it is of many runs.
        self.windows: dict[str, tuple[int, int]] = {}
        self._names: set[str] = set()

    @property
    def runs(self) -> int:
        """Of each sample, one after the other; the state of recurrent nodes stays between them."""
        return max((steps for _, steps in self.windows.values()), default=1)

    def fresh_name(self, base: str) -> str:
        """A name no value has had since the first call."""
        self._names = self._names or {value.name for value in self.values()}
        name, count = base, 1
        while name in self._names:
            count += 1
            name = f"{base}_{count}"
        self._names.add(name)
        return name

    def is_output(self, value: Value) -> bool:
        return any(value is output for output in self.outputs)

    def is_input(self, value: Value) -> bool:
        return any(value is other for other in self.inputs)

    def insert(self, node: Node, before: Node | None = None) -> Node:
        """Adds a node in front of another, or at the end."""
        self.nodes.insert(len(self.nodes) if before is None else self.nodes.index(before), node)
        return node

    def remove(self, node: Node) -> None:
        """Takes out a node that nobody needs any more."""
        if any(output.uses or self.is_output(output) for output in node.outputs):
            raise ValueError(f"{node.name} is still in use")
        node.set_inputs(())
        self.nodes.remove(node)

    def replace_all_uses_with(self, old: Value, new: Value) -> None:
        """Readers of `old` read `new`, which takes its name too if it is an output."""
        for use in list(old.uses):
            use.node.set_input(use.position, new)
        if self.is_output(old):
            if self.is_output(new) or self.is_input(new) or new.is_constant:
                raise ValueError(f"{new.name} cannot stand for the output {old.name}")
            self.outputs = [new if value is old else value for value in self.outputs]
            old.name, new.name = f"{old.name}/replaced", old.name

    def can_replace(self, old: Value, new: Value) -> bool:
        """Whether replace_all_uses_with() is possible: an output needs a value of its own."""
        return not self.is_output(old) or not (
            self.is_output(new) or self.is_input(new) or new.is_constant
        )

    def values(self) -> Iterator[Value]:
        """Every value once: inputs, then constants and outputs node by node."""
        seen: set[int] = set()
        for value in self._all_values():
            if id(value) not in seen:
                seen.add(id(value))
                yield value

    def _all_values(self) -> Iterator[Value]:
        yield from self.inputs
        for node in self.nodes:
            yield from (value for value in node.inputs if value is not None)
            yield from node.outputs
        yield from self.outputs


# Outputs of a node of the source format for given inputs, as that format defines them.
Evaluate = Callable[[Node, Sequence[Array | None]], list[Array]]


@dataclass
class Model:
    """`opset` is the source's, 0 if its operators are those of ops.def already.

    `evaluate` computes nodes of the source format, for constant folding only. `tabular`: it was
    trained on rows of measured numbers, by scikit-learn or its like.
    """

    graph: Graph
    opset: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    evaluate: Evaluate | None = None
    tabular: bool = False
