"""int8 .tflite files give exactly what TensorFlow Lite Micro gives, float ones are quantized."""

from pathlib import Path

import numpy as np
import pytest
import tinypack
from tinyinfer import Model
from tinypack.errors import PackError
from tinypack.execute import run_samples
from tinypack.samples import Samples, load_calibration

from tests.tflite_file import Operator, Tensor, constant, model

tflm = pytest.importorskip("tflite_micro", reason="tflite-micro is not installed")

INT8 = ("digits_cnn", "hello_world", "ic", "kws", "magicwand_cnn", "wand_cnn", "wine_mlp")
WINDOW = {"Padding": 1, "StrideH": 1, "StrideW": 1, "DilationHFactor": 1, "DilationWFactor": 1}


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
    ours = Model(packed.file)
    judge = tflm.runtime.Interpreter.from_bytes(path.read_bytes())
    (info,) = ours.inputs
    shape = tuple(judge.get_input_details(0)["shape"])
    out = np.zeros(judge.get_output_details(0)["shape"], np.int8).reshape(-1)
    for sample in _samples(shared_models, name, shape):
        q = np.clip(np.rint(sample / info.scale) + info.zero_point, -128, 127).astype(np.int8)
        judge.set_input(q, 0)
        judge.invoke()
        ours.run(q.reshape(-1), out)
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


def test_batch_norm_goes_into_its_layer(tmp_path: Path) -> None:
    """As converters leave it: a product and a sum behind the layer, then the ReLU."""
    rng = np.random.default_rng(2)

    def reals(*shape: int, around: float = 0.0) -> Tensor:
        return constant(rng.normal(around, 0.4, shape).astype(np.float32))

    def computed(*shape: int) -> Tensor:
        return Tensor(shape, dtype="float32")

    tensors = [
        *(computed(1, 8, 8, 3), reals(8, 3, 3, 3), reals(8), computed(1, 6, 6, 8)),
        *(reals(8, around=1.5), computed(1, 6, 6, 8), reals(8), computed(1, 6, 6, 8)),
        computed(1, 6, 6, 8),
    ]
    file = model(
        tensors,
        [
            Operator("CONV_2D", [0, 1, 2], [3], "Conv2DOptions", WINDOW),
            Operator("MUL", [3, 4], [5], "MulOptions", {}),
            Operator("ADD", [5, 6], [7], "AddOptions", {}),
            Operator("RELU", [7], [8], "AbsOptions", {}),
        ],
    )
    path = tmp_path / "model.tflite"
    path.write_bytes(file)
    x = rng.normal(0, 1, (40, 8, 8, 3)).astype(np.float32)
    (node,) = tinypack.load(path).graph.nodes
    assert node.op == "conv_2d" and node.attrs["activation_min"] == 0
    (actual,) = run_samples(tinypack.pack(path, Samples(x)).file, [x])
    judge = tflm.runtime.Interpreter.from_bytes(file)
    expected = []
    for sample in x:
        judge.set_input(sample[None], 0)
        judge.invoke()
        expected.append(judge.get_output(0)[0])
    error = actual.reshape(len(x), -1) - np.array(expected).reshape(len(x), -1)
    assert np.square(error).mean() < 1e-3 * np.square(expected).mean()
