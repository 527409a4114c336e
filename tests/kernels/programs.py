"""Builds C test programs of the engine for this machine and runs them."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from toolchain import CHECKOUT, Missing
from toolchain.extension import SANITIZERS, WARNINGS
from toolchain.packages import need

NATIVE = CHECKOUT / "native_modules/tinyinfer"
# cc is asked for; clang is a second opinion where it is
COMPILERS = ("cc", *(["clang"] if shutil.which("clang") else []))


def engine_sources() -> list[Path]:
    return sorted(path for room in ("engine", "kernels") for path in (NATIVE / room).glob("*.c"))


def require(tool: str) -> None:
    """Skips where a tool of toolchain/packages.py is neither here nor can be installed."""
    try:
        need(tool)
    except Missing as error:
        pytest.skip(str(error))


def build(sources: Sequence[Path], target: Path, *options: str) -> Path:
    """With sanitizers: the first fault ends the program."""
    require("cc")
    flags = ["-std=c99", "-O1", "-g", *WARNINGS, *SANITIZERS, *options]
    includes = [f"-I{NATIVE}", f"-I{CHECKOUT / 'tests/kernels'}"]
    command = ["cc", *flags, *includes, *map(str, sources), "-lm", "-o", str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


def run(program: Path, *arguments: str, timeout: float = 300) -> str:
    command = [str(program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
