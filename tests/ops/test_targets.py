"""The sweeps on every target: as many cases of each operator as its memory and speed allow."""

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from tinypack.model_file import write_model

from tests.ops import sweep
from tests.targets import Target

SCRIPT = Path(__file__).with_name("vectors.py").read_text(encoding="utf-8")
# bytes of models per operator: emulated boards are slow, the Python engine on them slower
BYTES = {"UNIX-usermod": 1 << 20, "UNIX-natmod": 1 << 20, "UNIX-python": 40000}
EMULATED = 6000
EMULATED_PYTHON = 3000


@cache
def _vectors(budget: int) -> dict[str, bytes]:
    """Files of a seeded choice of cases, half of them with shared memory."""
    files = {}
    for op in sweep.operators():
        cases = sweep.cases(op)
        left = budget
        for number, case in enumerate(random.Random(op).sample(cases, len(cases))):
            model = case.apart if number % 2 else case.tight
            # the CRC says as much as the output, in fewer bytes
            golden = tuple(replace(golden, output=b"") for golden in model.golden)
            file = write_model(replace(model, golden=golden))
            if len(file) <= left:
                left -= len(file)
                files[f"{op}-{number}.tinf"] = file
    return files


def _budget(target: Target) -> int:
    if target.name in BYTES:
        return BYTES[target.name]
    return EMULATED_PYTHON if target.backend == "python" else EMULATED


@pytest.mark.targets("UNIX-*", "QEMU_*")
def test_vectors(target: Target) -> None:
    files = _vectors(_budget(target))
    printed = target.run(SCRIPT, files, timeout=300)
    expected = [
        f"right {op} {sum(name.startswith(f'{op}-') for name in files)}"
        for op in sweep.operators()
    ]
    assert printed.split("\n")[:-1] == expected
