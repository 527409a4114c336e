"""Packed networks give the same integers on every target.

A file has the CRC-32 of every operator's output for one generated input, and real samples; more
samples are compared here.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tinyinfer import Model
from tinypack import demo
from tinypack.evaluate import feed
from tinypack.pipeline import Packed, pack
from tinypack.report import cost
from tinypack.samples import load_calibration, load_test

from tests.targets import Target

MODELS = (
    "kws",
    "ic",
    "har_conv1d",
    "digits_cnn",
    "wine_mlp",
    "iris_mlp",
    "diabetes_mlp",
    "hello_world",
)
DIGITS = 20  # images that every target compares
SAMPLES = 2  # of the larger networks
# Multiply-accumulates the Python engine is asked for on MicroPython, and on an emulated board.
PYTHON_MACS = {"UNIX": 3_000_000, "QEMU": 100_000}

SCRIPT = """
import json
import tinyinfer
for name, count in JOBS:
    model = tinyinfer.Model(name + ".tinf")
    passed = model.test()
    with open(name + ".inputs", "rb") as file:
        inputs = file.read()
    size = len(inputs) // count
    answers = []
    for i in range(count):
        model.run(memoryview(inputs)[i * size : (i + 1) * size])
        answers.append([int(value) for value in model.output()])
    print("answer", json.dumps([tinyinfer.BACKEND, name, passed, answers]))
    model.deinit()
"""


@cache
def _packed(model: Path, samples: Path, precision: str) -> Packed:
    return pack(model, load_calibration(samples), precision=precision)


def _inputs(packed: Packed, samples: Path, count: int) -> bytes:
    """The first samples as the model's integers."""
    tensor = packed.model.tensors[packed.model.inputs[0]]
    (x,) = feed(packed.model, load_test(samples))
    kind = np.iinfo(np.int16 if tensor.dtype == "s16" else np.int8)
    codes = np.rint(x[:count] / tensor.scale) + tensor.zero_point
    return np.clip(codes, kind.min, kind.max).astype(kind.dtype).tobytes()


def _expected(packed: Packed, inputs: bytes, count: int) -> list[list[int]]:
    model = Model(packed.file)
    answers = []
    size = len(inputs) // count
    for i in range(count):
        model.run(memoryview(inputs)[i * size : (i + 1) * size])
        answers.append([int(value) for value in model.output()])
    return answers


def _compare(target: Target, jobs: dict[str, tuple[Packed, Path]], count: int) -> None:
    files, expected = {}, {}
    for name, (packed, samples) in jobs.items():
        inputs = _inputs(packed, samples, count)
        files |= {f"{name}.tinf": packed.file, f"{name}.inputs": inputs}
        answers = _expected(packed, inputs, count)
        expected[name] = [target.backend, name, len(packed.model.golden), answers]
    script = f"JOBS = {[(name, count) for name in jobs]!r}{SCRIPT}"
    printed = target.run(script, files, timeout=600)
    lines = [line for line in printed.splitlines() if line.startswith("answer ")]
    assert {job[1]: job for job in (json.loads(line[7:]) for line in lines)} == expected


@pytest.mark.parametrize("precision", ["int8", "int4", "int16"])
def test_digits(target: Target, precision: str) -> None:
    _compare(
        target, {"digits": (_packed(demo.MODEL, demo.SAMPLES, precision), demo.SAMPLES)}, DIGITS
    )


def _is_asked(target: Target, macs: int) -> bool:
    if target.backend != "python" or target.name.startswith("host"):
        return True
    return macs <= PYTHON_MACS[target.name.split("-")[0].split("_")[0]]


@pytest.mark.parametrize("precision", ["int8", "int4"])
def test_shared_models(target: Target, shared_models: Path, precision: str) -> None:
    jobs = {}
    for name in MODELS:
        samples = shared_models / f"samples/{name}.npz"
        packed = _packed(shared_models / f"models/{name}.onnx", samples, precision)
        if _is_asked(target, cost(packed.model, len(packed.file)).macs):
            jobs[name] = (packed, samples)
    _compare(target, jobs, SAMPLES)
