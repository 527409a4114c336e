"""A native module under MicroPython executes what the bench counted of the same sources."""

from pathlib import Path

import pytest
from tinypack.model_file import read_model

from bench import models
from bench.build import address_of
from bench.cores import load_cores
from bench.run import between_marks, golden_bytes, run
from tests.targets import TIMEOUT, QemuTarget, Target
from toolchain.qemu import plugin

TOLERANCE = 0.02
# abs() calls the function that the plugin has for a mark. In RAM the model is at a multiple of 4,
# as in the bench; in ROMFS it may lie anywhere, and some blocks then take a slower way.
MARK = "mp_builtin_abs"
SCRIPT = """
import tinyinfer
assert tinyinfer.BACKEND == "natmod"
model = tinyinfer.Model("model.tinf", copy=True)
assert model.aligned
with open("inputs", "rb") as file:
    inputs = file.read()
model.run(inputs)
abs(0)
abs(0)
model.run(inputs)
abs(0)
print("outputs", bytes(model.output()).hex())
"""


@pytest.mark.targets("QEMU_*-natmod")
def test_instructions(target: Target, tmp_path: Path) -> None:
    """Of the keyword-spotting network, int8: the trained one where TINYINFER_MODELS has it."""
    assert isinstance(target, QemuTarget)
    core = load_cores()[target.board["bench"]["name"]]
    name = "kws" if "kws" in models.available() else "kws_seeded"
    data = models.packed(name, "int8").read_bytes()
    model = read_model(data)
    golden = model.golden[0]
    inputs = golden_bytes(model, golden)
    counts = tmp_path / "counts"
    mark = address_of(core, target.firmware, MARK)
    counter = f"{plugin(core.system)},out={counts},mark={mark:x}"
    files = {"model.tinf": data, "inputs": inputs}
    printed = target.execute(SCRIPT, files, TIMEOUT, ("-plugin", counter))
    assert f"outputs {golden.output.hex()}" in printed
    *_, empty, inference = between_marks(counts.read_text())
    expected = run(core, data, inputs, model.arena_bytes, None).invoke
    assert inference - empty == pytest.approx(expected, rel=TOLERANCE)
