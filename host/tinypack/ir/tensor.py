"""What a value is made of: element type, shape, constant data, quantization."""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Array = NDArray[Any]
FloatArray = NDArray[np.float32]

# Names as in model.fbs; the rest is only met in constants of source models. All floats are f32.
DTYPES = ("f32", "s4", "s8", "s16", "s32", "s64", "u8", "u16", "u32", "u64", "bool")

_NAMES = {"f": "f32", "i": "s", "u": "u", "b": "bool"}


def dtype_of(array: Array) -> str:
    name = _NAMES.get(array.dtype.kind)
    if name is None:
        raise ValueError(f"no element type for {array.dtype}")
    return name if array.dtype.kind in "fb" else f"{name}{8 * array.dtype.itemsize}"


def nhwc_view(shape: Shape) -> tuple[int, int, int, int]:
    """What operators see of a shape: the last three sizes as h, w, c, all before them as n."""
    h, w, c = (1, 1, 1, *shape)[-3:]
    return prod(shape[:-3]), h, w, c


@dataclass(frozen=True)
class QuantParams:
    """real = scale * (q - zero_point); one entry, or one per index of `axis`."""

    dtype: str
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int | None = None

    def __post_init__(self) -> None:
        if len(self.scale) != len(self.zero_point):
            raise ValueError("as many scales as zero points")
        if self.axis is None and len(self.scale) != 1:
            raise ValueError("more than one scale needs an axis")

    @property
    def bits(self) -> int:
        return int(self.dtype[1:])

    @property
    def range(self) -> tuple[int, int]:
        """Lowest and highest integer of the signed type."""
        half = 1 << (self.bits - 1)
        return -half, half - 1
