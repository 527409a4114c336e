"""Samples on their way into a file: layouts, units, several inputs."""

import numpy as np
import onnx
import pytest
import tinyinfer
from PIL import Image
from tinypack.calibrate import reference
from tinypack.errors import PackError
from tinypack.evaluate import evaluate, feed, source_inputs
from tinypack.input_spec import InputSpec
from tinypack.pipeline import pack
from tinypack.samples import Samples, arrange, load_calibration

from tests.models.make_small import SMALL
from tests.zoo.builder import Net


def input_shape(path, index=0):
    return [d.dim_value for d in onnx.load(path).graph.input[index].type.tensor_type.shape.dim]


def test_layouts_that_are_taken():
    channels_first = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    packed = channels_first.transpose(0, 2, 3, 1)
    shape, order = (1, 3, 4, 2), (0, 2, 3, 1)
    for x in (channels_first, channels_first[None], channels_first.reshape(1, -1), packed):
        assert (arrange(shape, order, x) == packed).all()
    with pytest.raises(PackError, match="layout of the source"):
        arrange(shape, order, packed.transpose(0, 2, 1, 3))
    with pytest.raises(PackError, match="7 numbers"):
        arrange(shape, order, np.zeros((1, 7), np.float32))


@pytest.fixture
def small(tmp_path):
    def save(name):
        onnx.save(SMALL[name](), tmp_path / f"{name}.onnx")
        return tmp_path / f"{name}.onnx"

    return save


def test_several_inputs_come_by_name(small):
    path = small("add_tensors")
    rng = np.random.default_rng(0)
    named = {
        value.name: rng.normal(size=(120, *input_shape(path, i))).astype(np.float32)
        for i, value in enumerate(onnx.load(path).graph.input)
    }
    first = next(iter(named.values()))
    samples = Samples(first, named=named)
    packed = pack(path, samples)
    assert len(packed.model.inputs) == 2 and len(packed.model.golden) >= 1
    expected = reference(path, list(named.values()))[0]
    result = evaluate(
        packed.file,
        packed.model,
        Samples(first, y=expected.reshape(120, -1).astype(np.float32), named=named),
        metric="mae",
    )
    assert result.value < 0.05
    with pytest.raises(PackError, match="one array for each input"):
        pack(path, Samples(first))


def test_folded_normalization_takes_raw_recordings(small):
    """Raw recordings and samples in the model's units are the same to the file and the model."""
    path = small("conv_2d")
    rng = np.random.default_rng(0)
    model_units = rng.normal(
        size=(
            100,
            *(d.dim_value for d in onnx.load(path).graph.input[0].type.tensor_type.shape.dim),
        )
    ).astype(np.float32)
    spec = InputSpec(mean=(3.0,), std=(0.5,))
    raw = Samples(model_units * 0.5 + 3, raw=True)
    plain = Samples(model_units)
    a, b = pack(path, raw, input_spec=spec), pack(path, plain, input_spec=spec)
    for packed in (a, b):
        for samples in (raw, plain):
            np.testing.assert_allclose(
                feed(packed.model, samples)[0], feed(a.model, raw)[0], atol=1e-5
            )
            np.testing.assert_allclose(
                source_inputs(packed.model, samples)[0], model_units, atol=1e-5
            )
    assert a.accuracy.error is not None and a.accuracy.error < 0.001


def test_pictures_calibrate_a_channels_first_model(small, tmp_path):
    path = small("conv_2d")
    _, channels, height, width = input_shape(path)
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    mode = {1: "L", 3: "RGB"}[channels]
    for i in range(3):
        pixels = rng.integers(0, 256, (height, width, channels), np.uint8)
        Image.fromarray(pixels.squeeze(), mode).save(folder / f"{i}.png")
    samples = load_calibration(folder)
    assert samples.x.shape == (3, height, width, channels) and 0 < samples.x.max() <= 1
    packed = pack(path, samples)
    seen = source_inputs(packed.model, samples)[0]
    assert seen.shape == (3, 1, channels, height, width)
    assert (seen[:, 0].transpose(0, 2, 3, 1) == samples.x).all()


def test_golden_samples_are_what_the_float_input_gives(small):
    """Normalization included: Model.test() runs them as they are stored."""
    path = small("conv_2d")
    x = np.random.default_rng(0).normal(size=(100, *input_shape(path))).astype(np.float32)
    packed = pack(path, Samples(x), input_spec=InputSpec(mean=(1.0,), std=(2.0,)))
    model = tinyinfer.Model(packed.file)
    assert model.test() == len(packed.model.golden)
    golden = packed.model.golden[-1]
    if golden.input:
        model.run(np.ascontiguousarray(feed(packed.model, Samples(x))[0][0]).reshape(-1))
        assert bytes(model.output()) == golden.output


@pytest.mark.parametrize("precision", ["int8", "auto"])
def test_a_model_that_ends_with_arg_max_is_a_classifier(precision, tmp_path):
    n = Net("chosen")
    scores = n.dense(n.input(1, 6), 6, 4)
    onnx.save(n.model(n.op("ArgMax", scores, axis=-1, keepdims=0)), tmp_path / "chosen.onnx")
    x = np.random.default_rng(4).normal(size=(200, 1, 6)).astype(np.float32)
    classes = reference(tmp_path / "chosen.onnx", [x])[0].reshape(-1).astype(np.int64)
    samples = Samples(x, y=classes)
    names = ("a", "b", "c", "d")
    packed = pack(tmp_path / "chosen.onnx", samples, labels=names, precision=precision)
    assert packed.warnings == ()
    assert packed.accuracy.metric == "top1" and packed.accuracy.float_value == 1
    assert packed.accuracy.agreement == packed.accuracy.value > 0.95
    assert packed.accuracy.confusion.shape == (4, 4)
    model = tinyinfer.Model(packed.file)
    found = [model.classify(sample) for sample in x[:20].tolist()]
    assert found == [(names[model.predict(sample)[0]], 1) for sample in x[:20].tolist()]
    # Without targets, too, the classes are those of the index.
    assert pack(tmp_path / "chosen.onnx", Samples(x)).model.labels == tuple(
        f"class{i}" for i in range(4)
    )
