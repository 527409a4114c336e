"""From files to graphs: one module per format, the only one that knows that format's library."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import PackError
from ..ir import Model


def load(path: Path, input_shape: Mapping[str, Sequence[int]] | None = None) -> Model:
    """The model of a file, in the operators of its own format."""
    suffix = path.suffix.lower()
    if suffix == ".onnx":
        from . import onnx

        return onnx.load(path, input_shape)
    if suffix == ".tflite":
        from . import tflite

        return tflite.load(path)
    raise PackError(
        f"{path}: models of this kind are not supported; give an .onnx or .tflite file"
    )
