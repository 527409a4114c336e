"""Embeddings: rows of a constant table, looked up with the whole numbers that the model is fed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import tinypack
from onnx import TensorProto
from tinyinfer import Model
from tinypack.calibrate import reference
from tinypack.errors import PackError
from tinypack.evaluate import feed
from tinypack.execute import run_samples
from tinypack.samples import Samples

from tests.models.small_graph import SmallGraph
from tests.zoo.report import _sqnr

WORDS, STEPS = 30, 6


def table(g: SmallGraph, words: int = WORDS) -> str:
    return g.constant(g.rng.standard_normal((words, 8)))


def mean(g: SmallGraph, x: str, **options: int) -> str:
    """The classifier of many a tutorial."""
    words = g.op("Gather", table(g, **options), x)
    return g.op("MatMul", g.op("ReduceMean", words, axes=[1], keepdims=0), g.weights(8, 4))


def cast(g: SmallGraph, x: str) -> str:
    return mean(g, g.op("Cast", x, to=TensorProto.INT32))


def from_the_end(g: SmallGraph, x: str) -> str:
    """Keras counts negative indices from the table's end."""
    negative = g.op("Less", x, g.constant(0, np.int64))
    return mean(g, g.op("Where", negative, g.op("Add", x, g.constant(WORDS, np.int64)), x))


def fields(g: SmallGraph, x: str) -> str:
    """A table for each feature, of which one is not a word for itself."""
    parts = []
    for i in range(3):
        column = g.op("Slice", x, g.axes(i), g.axes(i + 1), g.axes(1))
        parts.append(g.op("Gather", table(g), g.op("Squeeze", column, g.axes(1))))
    return g.op("MatMul", g.op("Concat", *parts, axis=1), g.weights(24, 4))


def lstm(g: SmallGraph, x: str) -> str:
    words = g.op("Transpose", g.op("Gather", table(g), x), perm=[1, 0, 2])
    weights = g.weights(1, 20, 8), g.weights(1, 20, 5)
    name = g.op("LSTM", words, *weights, hidden_size=5)
    return g.op("Gather", name, g.constant(STEPS - 1, np.int64), axis=0)


def written(
    build: Callable[..., str], folder: Path, kind: int = TensorProto.INT64, **options: int
) -> Path:
    g = SmallGraph(build.__name__)
    x = g.x(1, STEPS)
    g.inputs[0].type.tensor_type.elem_type = kind
    g.output(build(g, x, **options))
    model = g.model(17, 8)
    path = folder / "model.onnx"
    onnx.save(model, path)
    return path


def words(count: int, seed: int = 0) -> Samples:
    return Samples(np.random.default_rng(seed).integers(0, WORDS, (count, STEPS)).astype("f4"))


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (mean, TensorProto.INT64),
        (mean, TensorProto.INT32),
        (cast, TensorProto.FLOAT),
        (cast, TensorProto.INT64),
        (from_the_end, TensorProto.INT64),
        (fields, TensorProto.INT64),
        (lstm, TensorProto.INT64),
    ],
)
@pytest.mark.parametrize("precision", ["int8", "int4", "int16"])
def test_words_are_looked_up(build, kind, precision, tmp_path):
    path = written(build, tmp_path, kind)
    packed = tinypack.pack(path, words(60), precision=precision)
    unseen = words(30, 1)
    (actual,) = run_samples(packed.file, feed(packed.model, unseen))
    (expected,) = reference(path, unseen.x)
    assert _sqnr(actual, expected) > {"int8": 30, "int4": 14, "int16": 35}[precision]
    # Without samples words are drawn, not numbers around zero.
    assert tinypack.pack(path, precision=precision).warnings


def test_words_are_fed_as_they_are(tmp_path):
    packed = tinypack.pack(written(mean, tmp_path), words(60))
    model = Model(packed.file)
    assert (model.inputs[0].dtype, model.inputs[0].scale) == ("s16", 1.0)
    sentence = words(1, 2).x[0]
    model.run(sentence.astype(np.int16))
    integers = bytes(model.output())
    model.run(sentence)
    assert bytes(model.output()) == integers
    assert model.predict([int(word) for word in sentence]) == pytest.approx(
        model.predict(sentence.tolist())
    )
    # What no row of the table has counts as the first.
    sentence[:] = 0
    model.run(sentence.astype(np.int16))
    first = bytes(model.output())
    model.run(np.array([-1, WORDS, 32767, -32768, WORDS + 1, 0], np.int16))
    assert bytes(model.output()) == first


def shifted(g: SmallGraph, x: str) -> str:
    return mean(g, g.op("Sub", x, g.constant(1, np.int64)))


def masked(g: SmallGraph, x: str) -> str:
    holds = g.op("Cast", g.op("Greater", x, g.constant(0, np.int64)), to=TensorProto.FLOAT)
    return g.op("Add", mean(g, x), g.op("ReduceMean", holds, axes=[1], keepdims=1))


def computed(g: SmallGraph, x: str) -> str:
    return mean(g, g.op("Cast", g.op("Exp", x), to=TensorProto.INT64))


@pytest.mark.parametrize(
    ("build", "kind", "options", "message"),
    [
        (shifted, TensorProto.INT64, {}, "looks up what is computed of 'x'; feed the indices"),
        (masked, TensorProto.INT64, {}, "'x' holds indices that the model also computes with"),
        (computed, TensorProto.FLOAT, {}, "looks up what is computed of 'x'"),
        (mean, TensorProto.INT64, {"words": 40000}, "one of 40000 rows; only 32768"),
    ],
)
def test_what_is_no_look_up_is_refused(build, kind, options, message, tmp_path):
    with pytest.raises(PackError, match=message):
        tinypack.pack(written(build, tmp_path, kind, **options))


@pytest.mark.parametrize("off", [-1, WORDS, 0.5])
def test_samples_must_be_words(off, tmp_path):
    samples = words(20)
    samples.x[3, 2] = off
    with pytest.raises(PackError, match=r"whole numbers from 0 to 29.*as in training"):
        tinypack.pack(written(mean, tmp_path), samples)


def test_step_by_step_is_refused(tmp_path):
    with pytest.raises(PackError, match="looks up steps; pack the model of whole windows"):
        tinypack.pack(written(lstm, tmp_path), words(20), stateful=True)
