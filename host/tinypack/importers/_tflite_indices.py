"""Integers of TensorFlow Lite files that rows of a constant table are looked up with.

What stands between an input and the table, as what adds the rows to negative indices, is followed
for all indices that there may be, and must leave them as they are.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..ir import Graph, Value
from ..ops.gather import INDICES, MOST_ROWS
from ._tflite_images import Operator

Numbers = NDArray[np.int64]

_COMPUTES: dict[str, Callable[..., Numbers]] = {
    "CAST": lambda x: x,
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "MINIMUM": np.minimum,
    "MAXIMUM": np.maximum,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
    "EQUAL": np.equal,
    "NOT_EQUAL": np.not_equal,
    "SELECT": np.where,
    "SELECT_V2": np.where,
    "FLOOR_MOD": np.mod,
}


class Indices:
    """Which values are computed of which input of integers, and how."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._found: dict[Value, tuple[Value, Numbers]] = {}

    def begin(self, value: Value) -> None:
        self._found[value] = value, np.arange(MOST_ROWS)

    def takes(self, what: Operator) -> bool:
        """Whether the operator is one on indices, or looks them up, and so is done with."""
        if what.op == "CAST" and self.graph.is_input(x := what.input(0)) and not x.uses:
            self._found.setdefault(x, (x, np.arange(MOST_ROWS)))
        sources = {self._found[value][0] for value in what.inputs if value in self._found}
        if not sources:
            return False
        (source,) = sources if len(sources) == 1 else (None,)
        if what.op == "GATHER" and source is not None and what.input(0).is_constant:
            self._look_up(what, source)
        elif source is not None and what.op in _COMPUTES:
            self._found[what.outputs[0]] = source, self._computed(what)
        else:
            raise what.refuse(
                "computes with the indices of an embedding",
                "train it without mask_zero, or pack the layers behind",
            )
        return True

    def _computed(self, what: Operator) -> Numbers:
        operands = []
        for position in range(len(what.inputs)):
            value = what.input(position)
            if value in self._found:
                operands.append(self._found[value][1])
            elif value.is_constant and value.data.size == 1:
                operands.append(value.data.reshape(-1).astype(np.int64))
            else:
                raise what.refuse("joins indices with something else", "feed the indices as such")
        return _COMPUTES[what.op](*operands)

    def _look_up(self, what: Operator, source: Value) -> None:
        table, axis = what.input(0), what.option("GatherOptions", "Axis")
        _, codes = self._found[what.input(1)]
        axis %= table.rank
        rows = table.shape[axis]
        if rows > MOST_ROWS:
            raise what.refuse(f"looks up one of {rows} rows", f"take at most {MOST_ROWS} words")
        if what.option("GatherOptions", "BatchDims") or not np.array_equal(
            codes[:rows], np.arange(rows)
        ):
            raise what.refuse(
                f"looks up what is computed of {source.name!r}", "feed the indices themselves"
            )
        source.quant = INDICES
        what.add("gather", table, source, axis=axis)
