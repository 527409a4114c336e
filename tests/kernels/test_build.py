"""Every compiler takes engine and kernels without a warning.

They ask for nothing that a native module lacks.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tests.kernels.programs import COMPILERS, NATIVE, engine_sources, require
from toolchain import xtensa
from toolchain.extension import WARNINGS

CORES = {
    "m0plus": ("arm", "arm-none-eabi-gcc", "-mcpu=cortex-m0plus -mthumb"),
    "m3": ("arm", "arm-none-eabi-gcc", "-mcpu=cortex-m3 -mthumb"),
    "m4": ("arm", "arm-none-eabi-gcc", "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard"),
    "rv32imc": (
        "riscv",
        "riscv64-unknown-elf-gcc",
        "-march=rv32imc -mabi=ilp32 --specs=picolibc.specs",
    ),
    "xtensa": ("xtensa", xtensa.COMPILER, " ".join(xtensa.CFLAGS)),
}
LIBC = {"memcpy", "memmove", "memset", "memcmp"}
# 64-bit products and shifts, divisions of 32 bits; none that divides 64 bits
LIBGCC = re.compile(
    r"__aeabi_(lmul|llsl|llsr|lasr|u?idiv|u?idivmod)|__(ashl|ashr|lshr|mul)di3|__umulsidi3"
    r"|__u?divsi3|__u?modsi3|__gnu_thumb1_case_\w+|_GLOBAL_OFFSET_TABLE_"
)


@pytest.mark.parametrize("name", COMPILERS)
@pytest.mark.parametrize("level", ["-O0", "-O2", "-Os"])
def test_no_warnings_here(name: str, level: str, tmp_path: Path) -> None:
    require("cc")
    _compile([name, level], tmp_path)


@pytest.mark.parametrize("core", CORES)
def test_objects_suit_a_native_module(core: str, tmp_path: Path) -> None:
    tool, gcc, options = CORES[core]
    require(tool)
    environment = xtensa.environment(tool)
    command = [gcc, "-Os", "-fpic", "-fno-builtin", "-ffreestanding", *options.split()]
    objects = _compile(command, tmp_path, environment)
    symbols = _nm(gcc, objects, environment)
    defined = {name for name, kind, _ in symbols if kind != "U"}
    asked = {name for name, kind, _ in symbols if kind == "U"} - defined - LIBC
    assert not {name for name in asked if not LIBGCC.fullmatch(name)}
    # static or global variables that can be written, not by the loader alone
    written = [symbol for symbol in symbols if symbol[1] in "bBdDcCsSgG"]
    assert not [symbol for symbol in written if not symbol[2].startswith(".data.rel.ro")]


def _compile(
    command: list[str], folder: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> list[Path]:
    objects = []
    for source in engine_sources():
        target = folder / f"{source.stem}.o"
        full = [*command, "-std=c99", *WARNINGS, f"-I{NATIVE}", "-c", source, "-o", target]
        done = subprocess.run(
            full, capture_output=True, text=True, check=False, env=os.environ | environment
        )
        assert done.returncode == 0, done.stderr
        objects.append(target)
    return objects


def _nm(
    gcc: str, objects: list[Path], environment: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """(name, kind, section) of every symbol."""
    command = [gcc.removesuffix("gcc") + "nm", "--format=sysv", *objects]
    env = os.environ | environment
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    lines = [line.split("|") for line in done.stdout.splitlines() if line.count("|") == 6]
    fields = [[field.strip() for field in line] for line in lines]
    return [(name, kind, section) for name, _, kind, *_, section in fields if name != "Name"]
