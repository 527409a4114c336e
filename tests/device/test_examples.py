"""The bundled digits model as tinypack packs it: examples and test samples on every target."""

import json

import pytest
import tinyinfer.engine
from tinypack.demo import MODEL, SAMPLES
from tinypack.pipeline import pack
from tinypack.samples import load_calibration, load_test

from tests.targets import Files, Target
from toolchain import CHECKOUT

EXAMPLES = sorted((CHECKOUT / "device" / "examples").glob("*.py"))
SAMPLE_COUNT = 10

RUN_EXAMPLES = """
for name in NAMES:
    print("==", name)
    with open(name) as file:
        exec(file.read(), {"__name__": "__main__"})
"""
RUN_SAMPLES = """
import json
import tinyinfer

results = {}
with open("samples.f32", "rb") as file:
    samples = file.read()
for name in NAMES:
    model = tinyinfer.Model(name)
    model.test()
    size = 4 * 64
    outputs = []
    for start in range(0, len(samples), size):
        model.run(samples[start : start + size])
        outputs.append(list(model.output()))
    results[name] = outputs
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def models() -> Files:
    calibration = load_calibration(SAMPLES)
    return {
        f"digits{suffix}.tinf": pack(MODEL, calibration, precision=precision).file
        for suffix, precision in (("", "int8"), ("_int4", "int4"))
    }


def test_examples(target: Target, models: Files) -> None:
    files = {path.name: path.read_bytes() for path in EXAMPLES}
    script = f"NAMES = {sorted(files)}\n{RUN_EXAMPLES}"
    printed = target.run(script, {**files, **models})
    texts = dict(part.split("\n", 1) for part in printed.split("== ")[1:])
    assert "this is a 1 (" in texts["first_steps.py"]
    assert texts["without_allocation.py"] == "1\n" * 5
    blinking = texts["side_by_side.py"].splitlines()
    assert "it is a 1" in blinking and blinking.index("it is a 1") > 2


def test_samples_give_the_same_integers(target: Target, models: Files) -> None:
    """Floats in, integers out: equal to the Python engine's on this PC, to the bit."""
    samples = load_test(SAMPLES).x[:SAMPLE_COUNT]
    files = {**models, "samples.f32": samples.astype("<f4").tobytes()}
    given = json.loads(target.run(f"NAMES = {sorted(models)}\n{RUN_SAMPLES}", files))
    for name, data in models.items():
        engine = tinyinfer.engine.Engine(data, bytearray(tinyinfer.engine.needs(data)[0]))
        expected = []
        for sample in samples:
            engine.run(sample.astype("<f4").tobytes())
            expected.append(list(engine.output(0)))
        assert given[name] == expected, name
        assert len({tuple(output) for output in expected}) > 1
