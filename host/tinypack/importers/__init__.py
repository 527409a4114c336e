"""From files to graphs: one module per format, the only one that knows that format's library."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import PackError
from ..ir import Model

_PICKLES = (".pkl", ".pickle", ".joblib")


def load(path: Path, input_shape: Mapping[str, Sequence[int]] | None = None) -> Model:
    """The model of a file, in the operators of its own format."""
    suffix = path.suffix.lower()
    if suffix == ".onnx":
        from . import onnx

        return onnx.load(path, input_shape)
    if suffix == ".tflite":
        from . import tflite

        return tflite.load(path)
    if suffix in _PICKLES:
        raise PackError(
            f"{path}: a pickle may run anything when it is read; where the model is trained, run"
            " `from skl2onnx import to_onnx`, `onnx = to_onnx(model, X[:1].astype('float32'))`,"
            " `open('model.onnx', 'wb').write(onnx.SerializeToString())`, and give model.onnx"
        )
    raise PackError(
        f"{path}: models of this kind are not supported; give an .onnx or .tflite file"
    )


def runnable(path: Path) -> Path | bytes:
    """What onnxruntime takes of an ONNX file: what load() mends, mended."""
    from . import _onnx_file

    return _onnx_file.runnable(path)
