"""The engine inside this machine's Python: instructions of one inference, counted by valgrind."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bench import models, report
from tests.kernels.programs import require
from toolchain import CHECKOUT
from toolchain.extension import extension

RUN = """
import sys, tinyinfer
assert tinyinfer.BACKEND == "cpython"
tinyinfer.Model(sys.argv[1]).run()
"""


def _instructions(model: Path, output: Path) -> int:
    """Of tin_invoke and all it calls."""
    command = [
        *("valgrind", "--tool=callgrind", "--toggle-collect=tin_invoke"),
        *(f"--callgrind-out-file={output}", sys.executable, "-c", RUN, str(model)),
    ]
    paths = os.pathsep.join(map(str, (extension(), CHECKOUT / "device")))
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    counted = re.search(r"Collected : (\d+)", done.stderr)
    assert counted, done.stderr
    return int(counted[1])


@pytest.mark.skipif(platform.machine() != "x86_64", reason="blocks of its own: x86-64 only")
def test_instructions(tmp_path: Path) -> None:
    """Within tests/budgets.toml, plus 1%."""
    require("valgrind")
    results: report.Results = {"pc": {}}
    for name in ("kws", "kws_seeded"):
        if name not in models.available():
            continue
        for precision in models.PRECISIONS:
            count = _instructions(models.packed(name, precision), tmp_path / "callgrind")
            results["pc"].setdefault(name, {})[precision] = {"instructions": count}
    assert results["pc"]
    assert not report.over_budget(results)
