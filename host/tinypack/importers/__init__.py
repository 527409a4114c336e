"""From files to graphs: one module per format, the only one that knows that format's library."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import PackError
from ..ir import Model

# Files that only the tool they come from can read, and what to run there.
_SCIKIT = (
    "a pickle may run anything when it is read; where the model is trained, run"
    " `from skl2onnx import to_onnx`, `onnx = to_onnx(model, X[:1].astype('float32'))`,"
    " `open('model.onnx', 'wb').write(onnx.SerializeToString())`, and give model.onnx"
)
_KERAS = (
    "Keras alone reads this; where the model is trained, run"
    " `lite = tf.lite.TFLiteConverter.from_keras_model(model).convert()`,"
    " `open('model.tflite', 'wb').write(lite)`, and give model.tflite"
)
_SAVED_MODEL = (
    "TensorFlow alone reads this; there, run"
    " `lite = tf.lite.TFLiteConverter.from_saved_model('FOLDER').convert()`,"
    " `open('model.tflite', 'wb').write(lite)`, and give model.tflite"
)
_TORCH = (
    "PyTorch alone reads this; where the model is trained, run"
    " `torch.onnx.export(model.eval(), example_input, 'model.onnx')`, and give model.onnx"
)
_ELSEWHERE = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), _SCIKIT),
    **dict.fromkeys((".keras", ".h5", ".hdf5"), _KERAS),
    **dict.fromkeys((".pt", ".pth", ".ckpt", ".safetensors"), _TORCH),
    ".pb": _SAVED_MODEL,
    ".tinf": "this is packed already; `tinypack info` shows it, and the model it was made from"
    " can be packed anew",
}


def load(path: Path, input_shape: Mapping[str, Sequence[int]] | None = None) -> Model:
    """The model of a file, in the operators of its own format."""
    suffix = path.suffix.lower()
    if suffix == ".onnx":
        from . import onnx

        return onnx.load(path, input_shape)
    if suffix == ".tflite":
        from . import tflite

        return tflite.load(path)
    advice = _ELSEWHERE.get(suffix, "models of this kind are not supported; give .onnx or .tflite")
    if (path / "saved_model.pb").exists():
        advice = _SAVED_MODEL
    raise PackError(f"{path}: {advice}")


def runnable(path: Path) -> Path | bytes:
    """What onnxruntime takes of an ONNX file: what load() mends, mended."""
    from . import _onnx_file

    return _onnx_file.runnable(path)
