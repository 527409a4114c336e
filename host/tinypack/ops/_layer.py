"""What an operator's quantize(layer) gets and gives back.

quant/ drives: it goes through the graph node by node with calibration samples and hands each
operator a Layer. The operator says what its integers are; how they are stored is quant/emit.py's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..ir import FloatArray, Node, QuantParams, Shape
from ._requant import quantize_multiplier

# Columns [groups, count, taps] that a linear layer sees in x at the given output positions.
Columns = Callable[[FloatArray, NDArray[np.int64]], FloatArray]


@dataclass(frozen=True)
class Operand:
    """An input: its integers, and its values in the float model and after quantized layers.

    Values have the sample as first axis; those of a constant have not.
    """

    params: QuantParams
    exact: FloatArray
    actual: FloatArray

    @property
    def scale(self) -> float:
        return self.params.scale[0]

    @property
    def zero_point(self) -> int:
        return self.params.zero_point[0]


@dataclass(frozen=True)
class LinearWeights:
    """y = scale * (codes @ x) + bias per output channel; codes have the shape of the weights.

    `rounds_once`: as TensorFlow Lite does sums of 64 bits.
    """

    codes: NDArray[np.int8]
    scale: NDArray[np.float64]
    bias: NDArray[np.float64]
    dtype: str
    groups: int = 1
    rounds_once: bool = False

    def values(self) -> FloatArray:
        """The real weights that the codes stand for."""
        scale = self.scale.reshape(-1, *[1] * (self.codes.ndim - 1))
        return (self.codes * scale).astype(np.float32)

    def wide(self) -> dict[str, int]:
        """The attribute of layers that hold the code our quantizer leaves out."""
        lowest = -7 if self.dtype == "s4" else -127
        return {"wide": 1} if self.codes.min() < lowest else {}


@dataclass(frozen=True)
class Planes:
    """Weights [rows, taps] that are stored row by row: SPEC.md, "Layouts"."""

    codes: NDArray[np.int8]
    dtype: str


@dataclass(frozen=True)
class State:
    """What a recurrent operator hands from step to step; `kept`: from run to run as well."""

    shape: Shape
    dtype: str
    scale: float
    kept: bool
    zero_point: int = 0


@dataclass(frozen=True)
class Quantized:
    """`attrs` of ops.def that come from numbers, the output's integers, and what they will hold.

    `actual` is the output computed from the operands' actual values, before it is rounded to the
    integers of `output`. Linear layers add weights, a table its entries, others the constants
    that stand `stored` behind their inputs as they are. `state` is what a recurrent operator hands
    from step to step.
    """

    attrs: dict[str, int]
    output: QuantParams
    actual: FloatArray
    weights: LinearWeights | None = None
    table: NDArray[np.integer[Any]] | None = None
    stored: tuple[NDArray[np.integer[Any]] | Planes, ...] = ()
    state: State | None = None

    @property
    def planes(self) -> tuple[Planes, ...]:
        """All weights, as codes of some width."""
        if self.weights is not None:
            return (Planes(self.weights.codes, self.weights.dtype),)
        return tuple(array for array in self.stored if isinstance(array, Planes))


class Layer(Protocol):
    """One node with everything known about its inputs."""

    node: Node
    operands: tuple[Operand, ...]
    exact: FloatArray  # output in the float model
    dtype: str  # of the weights
    common: QuantParams | None  # integers that the output shares with others

    def compute(self, *arrays: FloatArray) -> FloatArray:
        """The node in floats, of other operands."""

    def own(self) -> QuantParams:
        """The best integers for this output, or those that it shares."""

    def linear(
        self,
        weights: NDArray[np.float64],
        bias: NDArray[np.float64],
        columns: Columns,
        positions: int,
    ) -> LinearWeights:
        """Integers for weights [groups, channels, taps] and bias [groups, channels].

        `columns` is asked for some of the `positions`, those of all samples.
        """

    def rows(
        self,
        weights: FloatArray,
        bias: FloatArray,
        params: QuantParams,
        exact: FloatArray,
        actual: FloatArray,
    ) -> LinearWeights:
        """Integers for weights [rows, taps] of numbers with these `params`: of columns
        [count, taps] in the float model, and behind what is rounded already."""


# Indices: integers as such.
INDEX = QuantParams("s32", (1.0,), (0,))


def s8(scale: float, zero_point: int) -> QuantParams:
    return QuantParams("s8", (scale,), (zero_point,))


def s16(scale: float) -> QuantParams:
    return QuantParams("s16", (scale,), (0,))


def activation(node: Node, output: QuantParams) -> dict[str, int]:
    """The node's float bounds as clamps of its integers."""
    scale, zero_point = output.scale[0], output.zero_point[0]
    lowest, highest = output.range

    def clamp(bound: float | None, default: int) -> int:
        if bound is None:
            return default
        return int(min(max(zero_point + round(bound / scale), lowest), highest))

    return {
        "activation_min": clamp(node.attrs.get("activation_min"), lowest),
        "activation_max": clamp(node.attrs.get("activation_max"), highest),
    }


def rescale(real: float) -> dict[str, int]:
    """Attributes multiplier and shift."""
    multiplier, shift = quantize_multiplier(real)
    return {"multiplier": multiplier, "shift": shift}
