"""One axis of a resize: which inputs an output sees and by how much, as ONNX and TensorFlow Lite
define it."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Taps:
    """Output i is the sum of weights[i, t] * x[first[i] + t]; all of these are inside of x."""

    first: NDArray[np.int64]
    weights: Floats

    def __repr__(self) -> str:
        return f"Taps({len(self.first)} x {self.weights.shape[1]})"

    @property
    def copies(self) -> bool:
        return self.weights.shape[1] == 1 and bool((self.weights == 1).all())

    @property
    def averages(self) -> bool:
        """Whether outputs stay in the range of the inputs."""
        sums = self.weights.sum(1)
        return bool((self.weights >= 0).all() and np.allclose(sums, 1, atol=1e-6))

    @property
    def growth(self) -> float:
        """How much larger than the inputs an output can be."""
        return max(1.0, float(np.abs(self.weights).sum(1).max()))

    def table(self, fraction: int) -> NDArray[np.int16]:
        """Entries of SPEC.md: weights of so many fraction bits, whose sums are right."""
        weights = np.rint(self.weights * (1 << fraction)).astype(np.int64)
        exact = np.rint(self.weights.sum(1) * (1 << fraction)).astype(np.int64)
        largest = np.abs(weights).argmax(1)
        weights[np.arange(len(weights)), largest] += exact - weights.sum(1)
        entries = np.column_stack([self.first, weights])
        return np.clip(entries, -(1 << 15), (1 << 15) - 1).astype("<i2")

    def matrix(self, size: int) -> NDArray[np.float32]:
        """[outputs, inputs]"""
        matrix = np.zeros((len(self.first), size), np.float32)
        rows = np.arange(len(self.first))[:, None]
        matrix[rows, self.first[:, None] + np.arange(self.weights.shape[1])] = self.weights
        return matrix


def gathered(indices: NDArray[np.integer]) -> Taps:
    """Copies."""
    return Taps(indices.astype(np.int64), np.ones((len(indices), 1)))


def identity(size: int) -> Taps:
    return gathered(np.arange(size))


def from_matrix(matrix: Floats) -> Taps:
    """As few taps as the widest row needs."""
    used = matrix != 0
    start = np.where(used.any(1), used.argmax(1), 0)
    end = np.where(used.any(1), matrix.shape[1] - used[:, ::-1].argmax(1), 1)
    count = int((end - start).max())
    first = np.minimum(start, matrix.shape[1] - count).astype(np.int64)
    places = first[:, None] + np.arange(count)
    return Taps(first, np.take_along_axis(matrix, places, 1))


# Kernels: weight at a distance


def linear(distance: Floats) -> Floats:
    result: Floats = np.maximum(1 - np.abs(distance), 0)
    return result


def cubic(a: float) -> Callable[[Floats], Floats]:
    """Keys' convolution with coefficient a."""

    def kernel(distance: Floats) -> Floats:
        d = np.abs(distance)
        near = ((a + 2) * d - (a + 3)) * d * d + 1
        far = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a
        result: Floats = np.where(d <= 1, near, np.where(d < 2, far, 0))
        return result

    return kernel


def interpolated(
    at: Floats,
    size: int,
    kernel: Callable[[Floats], Floats],
    reach: int,
    *,
    shrink: float = 1.0,
    exclude_outside: bool = False,
) -> Taps:
    """A kernel of `reach` inputs to each side, stretched by `shrink` >= 1 against aliasing.

    What lies outside of the input is its nearest element, or does not count.
    """
    side = ceil(reach * shrink)
    matrix = np.zeros((len(at), size))
    for row, x in enumerate(at):
        places = np.arange(floor(x) - side, floor(x) + side + 2)
        weights = kernel((places - x) / shrink)
        inside = (places >= 0) & (places < size)
        if exclude_outside:
            weights = np.where(inside, weights, 0)
        if shrink > 1 or exclude_outside:
            weights = weights / weights.sum()
        np.add.at(matrix[row], np.clip(places, 0, size - 1), weights)
    matrix[np.abs(matrix) < 1e-12] = 0
    return from_matrix(matrix)
