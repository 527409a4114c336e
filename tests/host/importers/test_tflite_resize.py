"""Resizes of int8 .tflite files give exactly what TensorFlow Lite Micro gives."""

from pathlib import Path

import numpy as np
import pytest

from tests.host.importers.tflm import outputs
from tests.tflite_file import Tensor, constant, one_operator

SIZES = [
    ((1, 4, 5, 3), (8, 10)),
    ((1, 7, 6, 2), (3, 4)),
    ((1, 5, 3, 1), (13, 1)),
    ((1, 9, 9, 4), (9, 30)),
]


FLAGS = [(False, False), (True, False), (False, True)]
OPERATORS = {"Bilinear": "RESIZE_BILINEAR", "NearestNeighbor": "RESIZE_NEAREST_NEIGHBOR"}


@pytest.mark.parametrize(("align_corners", "half_pixel_centers"), FLAGS)
@pytest.mark.parametrize("kind", OPERATORS)
def test_resize(kind: str, align_corners: bool, half_pixel_centers: bool, tmp_path: Path) -> None:
    for shape, size in SIZES:
        file = one_operator(
            OPERATORS[kind],
            [Tensor(shape, [0.1], -7), constant(np.array(size, np.int32))],
            Tensor((1, *size, shape[3]), [0.1], -7),
            f"Resize{kind}Options",
            version=3,
            AlignCorners=align_corners,
            HalfPixelCenters=half_pixel_centers,
        )
        for actual, expected in outputs(file, tmp_path):
            assert actual.tolist() == expected.tolist(), (shape, size)
