"""int8 .tflite files give exactly what TensorFlow Lite Micro gives, float ones are quantized."""

from pathlib import Path

import numpy as np
import pytest
import tinypack
from tinyinfer import Model
from tinypack.errors import PackError
from tinypack.samples import load_calibration

tflm = pytest.importorskip("tflite_micro", reason="tflite-micro is not installed")

INT8 = ("digits_cnn", "hello_world", "ic", "kws", "magicwand_cnn", "wand_cnn", "wine_mlp")


def _samples(folder: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """In the file's layout: the ONNX files that some were made from have channels first."""
    x = np.load(folder / f"samples/{name}.npz")["x_test"]
    if x.shape[1:] != shape[1:] and x[0].size == np.prod(shape) and x.ndim == len(shape):
        x = np.moveaxis(x, 1, -1)
    return x.reshape(len(x), *shape).astype(np.float32)


@pytest.mark.parametrize("name", INT8)
def test_int8_is_what_tflm_gives(shared_models: Path, name: str) -> None:
    path = shared_models / f"models/{name}.int8.tflite"
    packed = tinypack.pack(path)
    model = Model(packed.file)
    judge = tflm.runtime.Interpreter.from_bytes(path.read_bytes())
    (info,) = model.inputs
    shape = tuple(judge.get_input_details(0)["shape"])
    out = np.zeros(judge.get_output_details(0)["shape"], np.int8).reshape(-1)
    for sample in _samples(shared_models, name, shape):
        q = np.clip(np.rint(sample / info.scale) + info.zero_point, -128, 127).astype(np.int8)
        judge.set_input(q, 0)
        judge.invoke()
        model.run(q.reshape(-1), out)
        assert out.tobytes() == judge.get_output(0).tobytes()


def test_float_is_quantized(shared_models: Path) -> None:
    name = "digits_cnn"
    packed = tinypack.pack(
        shared_models / f"models/{name}.float.tflite",
        load_calibration(shared_models / f"samples/{name}.npz"),
    )
    assert packed.accuracy is not None
    assert packed.accuracy.agreement is not None and packed.accuracy.agreement > 0.98


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a TensorFlow Lite file"),
        (b"\x1c\0\0\0TFL3", "damaged"),
        (b"\x1c\0\0\0TFL3" + bytes(range(256)), "damaged"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(PackError, match=message):
        tinypack.load(path)


def test_no_truncation_or_flip_escapes(shared_models: Path, tmp_path: Path) -> None:
    data = bytearray((shared_models / "models/hello_world.int8.tflite").read_bytes())
    path = tmp_path / "model.tflite"
    rng = np.random.default_rng(1)
    for _ in range(150):
        broken = bytearray(data[: rng.integers(len(data))] if rng.random() < 0.3 else data)
        for at in rng.integers(len(broken), size=3) if len(broken) else ():
            broken[at] ^= 1 << rng.integers(8)
        path.write_bytes(broken)
        try:
            tinypack.pack(path)
        except PackError as error:
            assert str(path) in str(error) or "node" in str(error) or "'" in str(error)
