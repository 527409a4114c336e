"""What an output of TensorFlow Lite's resizes sees along one axis."""

import numpy as np

from ._taps import Taps, from_matrix, gathered

# Bits of its positions, and so of its weights.
TFLITE_FRACTION = 10


def nearest_neighbor(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    """In binary32, as the kernel counts."""
    corners = align_corners and out > 1
    scale = np.float32(size - 1) / np.float32(out - 1) if corners else np.float32(size) / out
    offset = np.float32(0.5 if half_pixel_centers else 0.0)
    at = (np.arange(out, dtype=np.float32) + offset) * np.float32(scale)
    # std::round takes halves away from zero.
    index = np.floor(at + np.float32(0.5)) if align_corners else np.floor(at)
    return gathered(np.clip(index, 0, size - 1).astype(np.int64))


def bilinear(size: int, out: int, align_corners: bool, half_pixel_centers: bool) -> Taps:
    one = 1 << TFLITE_FRACTION
    scale = (one * size + out // 2) // out
    if align_corners and out > 1:
        scale = (one * (size - 1) + (out - 1) // 2) // (out - 1)
    at = np.arange(out) * scale
    if half_pixel_centers:
        at = at + scale // 2 - one // 2
    lower = np.clip(np.maximum(at, 0) // one, 0, size - 1)
    upper = np.minimum(np.maximum(at + one - 1, 0) // one, size - 1)
    share = (at - lower * one) / one
    matrix = np.zeros((out, size))
    rows = np.arange(out)
    np.add.at(matrix, (rows, lower), 1 - share)
    np.add.at(matrix, (rows, upper), share)
    return from_matrix(matrix)
