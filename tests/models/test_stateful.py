"""Recurrent models step by step: the integers of whole windows, and onnxruntime's numbers."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import tinyinfer
from tinypack.calibrate import reference
from tinypack.errors import PackError
from tinypack.evaluate import feed, source_inputs
from tinypack.execute import output_integers, run_samples
from tinypack.pipeline import Packed, pack
from tinypack.quant.observe import signal_to_noise
from tinypack.samples import Samples

from tests.models import streams
from tests.targets import Target
from tests.zoo.builder import Net
from tests.zoo.report import LEAST

KINDS = ("GRU", "LSTM", "RNN")
STEPS = 12


def _samples(count: int, seed: int, steps: int = STEPS) -> Samples:
    x = np.random.default_rng(seed).standard_normal((count, steps, streams.INPUTS))
    return Samples(x.astype(np.float32))


def _saved(model: onnx.ModelProto, folder: Path) -> Path:
    path = folder / "model.onnx"
    onnx.save(model, path)
    return path


def _codes(packed: Packed, samples: Samples) -> np.ndarray:
    """[samples, steps, inputs]"""
    tensor = packed.model.tensors[packed.model.inputs[0]]
    (x,) = feed(packed.model, samples)
    codes = np.rint(x / tensor.scale) + tensor.zero_point
    kind = np.iinfo(np.int16 if tensor.dtype == "s16" else np.int8)
    return np.clip(codes, kind.min, kind.max).astype(kind.dtype).reshape(*x.shape[:2], -1)


@pytest.mark.parametrize("precision", ["int8", "int4", "int16"])
@pytest.mark.parametrize("kind", KINDS)
def test_same_integers_as_whole_windows(kind: str, precision: str, tmp_path: Path) -> None:
    path, samples = _saved(streams.windows(kind, STEPS), tmp_path), _samples(40, 1)
    whole = pack(path, samples, precision=precision)
    steps = pack(path, samples, precision=precision, stateful=True)
    assert whole.model.state_bytes == 0 < steps.model.state_bytes
    assert steps.plan.arena_bytes < whole.plan.arena_bytes
    unseen = _samples(8, 2)
    expected = output_integers(whole.file, feed(whole.model, unseen))
    assert output_integers(steps.file, feed(steps.model, unseen)) == expected
    assert len(set(expected)) > 1


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_streams_keep_their_state_themselves(kind: str, layers: int, tmp_path: Path) -> None:
    path = _saved(streams.stream(kind, layers), tmp_path)
    packed = pack(path, _samples(40, 1), stateful=True)
    assert len(packed.model.inputs) == len(packed.model.outputs) == 1
    unseen = _samples(16, 2)
    (expected,) = reference(path, source_inputs(packed.model, unseen))
    (actual,) = run_samples(packed.file, feed(packed.model, unseen))
    assert signal_to_noise(expected.reshape(actual.shape), actual) > LEAST


@pytest.mark.parametrize("kind", ["GRU", "LSTM"])
def test_auto_judges_streams_by_their_last_step(kind: str, tmp_path: Path) -> None:
    path, samples = _saved(streams.stream(kind, 1), tmp_path), _samples(40, 1)
    losses = {}
    for max_drop in (0.001, 50.0):
        packed = pack(path, samples, precision="auto", max_drop=max_drop, stateful=True)
        assert packed.choice is not None
        (width,) = set(packed.choice.widths.values())
        losses[width] = packed.choice.loss
    assert 0 < losses["s8"] < losses["s4"] < 25


def test_reset_forgets_and_run_does_not(tmp_path: Path) -> None:
    packed = pack(_saved(streams.stream("GRU"), tmp_path), _samples(40, 1), stateful=True)
    model = tinyinfer.Model(packed.file)
    first, second = _codes(packed, _samples(1, 3))[0, :2]

    def run(x: np.ndarray) -> bytes:
        model.run(x.tobytes())
        return bytes(model.output())

    fresh = run(first)
    assert run(first) != fresh
    model.reset()
    assert run(first) == fresh
    later = run(second)
    model.reset()
    assert run(second) != later


SCRIPT = """
import json
import tinyinfer
for name in NAMES:
    model = tinyinfer.Model(name + ".tinf")
    model.test()
    with open(name + ".inputs", "rb") as file:
        inputs = file.read()
    size, answers = len(inputs) // RUNS, []
    for run in range(RUNS):
        if run % STEPS == 0:
            model.reset()
        model.run(memoryview(inputs)[run * size : (run + 1) * size])
        if run % STEPS == STEPS - 1:
            answers.append([int(value) for value in model.output()])
    print("answer", json.dumps([tinyinfer.BACKEND, name, answers]))
    model.deinit()
"""


def test_on_targets(target: Target, tmp_path: Path) -> None:
    """Every target, step by step, gives what the C engine gives for whole windows."""
    samples, count = _samples(40, 1), 3
    files, expected = {}, []
    for kind in KINDS:
        path = _saved(streams.windows(kind, STEPS), tmp_path)
        whole, steps = pack(path, samples), pack(path, samples, stateful=True)
        unseen = _samples(count, 2)
        files |= {
            f"{kind}.tinf": steps.file,
            f"{kind}.inputs": _codes(steps, unseen).tobytes(),
        }
        outputs = output_integers(whole.file, feed(whole.model, unseen))
        expected.append([target.backend, kind, [list(memoryview(y).cast("b")) for y in outputs]])
    given = f"NAMES, RUNS, STEPS = {KINDS!r}, {count * STEPS}, {STEPS}"
    printed = target.run(given + SCRIPT, files, timeout=600)
    lines = [line for line in printed.splitlines() if line.startswith("answer ")]
    assert [json.loads(line[7:]) for line in lines] == expected


def _every_step(n: Net) -> str:
    return n.recurrent("GRU", n.input(STEPS, 1, 4), 4, 6)


def _backwards(n: Net) -> str:
    y = n.recurrent("LSTM", n.input(STEPS, 1, 4), 4, 6, "bidirectional")
    return n.op("Gather", y, n.constant(-1, np.int64), axis=0)


def _over_time(n: Net) -> str:
    x = n.conv(n.input(1, 4, STEPS), 4, 6, (3,))
    y = n.recurrent("GRU", n.transpose(x, 2, 0, 1), 6, 6)
    return n.op("Gather", y, n.constant(-1, np.int64), axis=0)


def _mean_of_steps(n: Net) -> str:
    y = n.recurrent("RNN", n.input(STEPS, 1, 4), 4, 6)
    return n.op("ReduceMean", y, axes=[0], keepdims=0)


def _other_step(n: Net) -> str:
    y = n.recurrent("RNN", n.input(STEPS, 1, 4), 4, 6)
    return n.op("Gather", y, n.constant(2, np.int64), axis=0)


def _positions(n: Net) -> str:
    x = n.op("Add", n.input(STEPS, 1, 4), n.constant(n.normal(STEPS, 1, 4)))
    y = n.recurrent("RNN", n.op("Tanh", x), 4, 6)
    return n.op("Gather", y, n.constant(-1, np.int64), axis=0)


def _no_state(n: Net) -> str:
    return n.dense(n.input(1, 4), 4, 3)


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (_every_step, "gives an output for each of 12 steps; keep the last one only"),
        (_backwards, "turns time around; train it forwards"),
        (_over_time, "conv_2d looks at several time steps at once; pack the model of whole"),
        (_mean_of_steps, "at several time steps at once"),
        (_other_step, "reads other steps than the last one"),
        (_positions, "has a constant for each time step; use the same"),
        (_no_state, "the model has none; leave the option out"),
    ],
)
def test_refused(build: Callable[[Net], str], reason: str, tmp_path: Path) -> None:
    n = Net("refused", opset=14)
    path = _saved(n.model(build(n)), tmp_path)
    pack(path)
    with pytest.raises(PackError, match=reason):
        pack(path, stateful=True)


def test_a_state_that_nothing_continues_is_refused(tmp_path: Path) -> None:
    path = _saved(streams.stream("LSTM", shown=False), tmp_path)
    with pytest.raises(PackError, match="'h0' but no output of that form continues it; export"):
        pack(path, stateful=True)


def test_single_steps_are_no_samples_of_a_stream(tmp_path: Path) -> None:
    path = _saved(streams.stream("GRU"), tmp_path)
    with pytest.raises(PackError, match=r"give them as \[samples, steps, ...\]"):
        pack(path, _samples(40, 1, steps=1), stateful=True)
