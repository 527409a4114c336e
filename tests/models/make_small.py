"""Small ONNX models for unit tests: one operator each, or one way in which exporters write it.

    python -m tests.models.make_small FOLDER [NAME ...]

SMALL has what must pack, REFUSED what must be refused; both map a name to a function that builds
the model:

    model = SMALL["conv_2d"]()
    inputs = random_inputs(model)
"""

import sys
from pathlib import Path

import onnx

from tests.models import small_elementwise, small_forms, small_images, small_layers, small_movement
from tests.models.small_graph import REFUSED, SMALL, random_inputs

__all__ = ["REFUSED", "SMALL", "external_data", "random_inputs"]

# importing them registers the models
MODULES = (small_elementwise, small_forms, small_images, small_layers, small_movement)


def external_data(directory: Path, name: str = "conv_2d") -> Path:
    """The same model with its weights in a file beside it; the path of the .onnx file."""
    path = directory / f"{name}_external.onnx"
    location = f"{path.stem}.data"
    (directory / location).unlink(missing_ok=True)  # onnx appends to what is there
    onnx.save(SMALL[name](), path, save_as_external_data=True, location=location, size_threshold=0)
    return path


def main(directory: Path, names: list[str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    models = SMALL | REFUSED
    for name in names or models:
        onnx.save(models[name](), directory / f"{name}.onnx")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
