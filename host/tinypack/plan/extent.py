"""Which bytes of a block of tensors live when: rows of it come and go, one by one.

An input of which slices are read dies from its start on; what a concat joins grows part by part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model_file import ModelSpec
from .overlap import ALIGNMENT

_Times = NDArray[np.int64]


@dataclass(frozen=True)
class Extent:
    """By time, -1 first: the live bytes lie from `low` to `high` and are `count`; `kept` is
    `high` of those that the node of that time does not make."""

    low: _Times
    high: _Times
    count: _Times
    kept: _Times

    @classmethod
    def whole(cls, size: int, first: int, last: int, times: int) -> "Extent":
        """All of it from node `first` to node `last`."""
        low, high = np.zeros(times + 2, np.int64), np.zeros(times + 2, np.int64)
        high[first + 1 : last + 2] = size
        kept = high.copy()
        kept[first + 1] = 0
        return cls(low, high, high, kept)

    @property
    def first(self) -> int:
        return int(np.flatnonzero(self.count)[0]) - 1

    @property
    def last(self) -> int:
        return int(np.flatnonzero(self.count)[-1]) - 1

    def distance(self, below: "Extent") -> int | None:
        """How far above another's start this one's must be at least; None if they never meet."""
        both = (self.count > 0) & (below.count > 0)
        return int((below.high - self.low)[both].max()) if both.any() else None

    def over_output(self, output: "Extent", time: int, lead: int) -> int:
        """The same if node `time` reads this one last and may write the other, at this lead."""
        high = output.high.copy()
        high[time + 1] = max(output.kept[time + 1], lead)
        both = (self.count > 0) & (output.count > 0)
        return int((high - self.low)[both].max())


def extent(model: ModelSpec, spans: Mapping[int, tuple[int, int]], size: int) -> Extent:
    """Of a block in which tensors lie from one byte to another; backwards from the last reader."""
    times = len(model.nodes)
    live = np.zeros(-(-size // ALIGNMENT), bool)
    low, high, count, kept = (np.zeros(times + 2, np.int64) for _ in range(4))

    def mark(tensors: Sequence[int], value: bool) -> None:
        for i in tensors:
            if i in spans:
                start, end = spans[i]
                live[start // ALIGNMENT : -(-end // ALIGNMENT)] = value

    def note(time: int) -> None:
        at = np.flatnonzero(live)
        if len(at):
            low[time + 1], high[time + 1] = at[0] * ALIGNMENT, (at[-1] + 1) * ALIGNMENT
            count[time + 1] = len(at) * ALIGNMENT

    mark(model.outputs, True)
    note(times)
    for time in reversed(range(times)):
        node = model.nodes[time]
        mark(node.outputs, True)
        mark(node.inputs, True)
        note(time)
        mark(node.outputs, False)
        mark(node.inputs, True)
        at = np.flatnonzero(live)
        kept[time + 1] = (at[-1] + 1) * ALIGNMENT if len(at) else 0
    mark(model.inputs, True)
    note(-1)
    return Extent(low, high, count, kept)
