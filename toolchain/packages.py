"""Programs the builds need: installed from Debian's packages when root, otherwise named."""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from toolchain import CHECKOUT, Missing
from toolchain.cache import locked, log_path
from toolchain.log import run, step


@dataclass(frozen=True)
class Tool:
    """A command that succeeds when the tool is there, and the packages that bring it."""

    probe: str
    packages: tuple[str, ...]


TOOLS = {
    "make": Tool("make --version", ("make",)),
    "cc": Tool("cc -E -include string.h -xc /dev/null", ("gcc", "libc6-dev")),
    "git": Tool("git --version", ("git", "ca-certificates")),
    "xz": Tool("xz --version", ("xz-utils",)),
    "venv": Tool(f"{sys.executable} -c 'import venv, ensurepip'", ("python3-venv",)),
    "python.h": Tool(f"test -f {sysconfig.get_path('include')}/Python.h", ("python3-dev",)),
    "arm": Tool(
        "arm-none-eabi-gcc -E -include string.h -xc /dev/null",
        ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi"),
    ),
    "riscv": Tool(
        "riscv64-unknown-elf-gcc -E --specs=picolibc.specs -include string.h -xc /dev/null",
        ("gcc-riscv64-unknown-elf", "picolibc-riscv64-unknown-elf"),
    ),
    "xtensa": Tool(
        "xtensa-lx106-elf-gcc -E -isystem /usr/lib/xtensa-lx106-elf/include "
        "-include string.h -xc /dev/null",
        ("gcc-xtensa-lx106", "binutils-xtensa-lx106", "picolibc-xtensa-lx106-elf"),
    ),
    "valgrind": Tool("valgrind --version", ("valgrind",)),
    "qemu-system-arm": Tool("qemu-system-arm --version", ("qemu-system-arm",)),
    "qemu-system-xtensa": Tool("qemu-system-xtensa --version", ("qemu-system-misc",)),
    "qemu-system-riscv32": Tool("qemu-system-riscv32 --version", ("qemu-system-misc",)),
}


def is_present(tool: str) -> bool:
    probe = subprocess.run(
        TOOLS[tool].probe, shell=True, cwd=CHECKOUT, capture_output=True, check=False
    )
    return probe.returncode == 0


@cache
def need(*tools: str) -> None:
    """Makes sure these tools are here, or raises Missing with the command to bring them."""
    absent = [tool for tool in tools if not is_present(tool)]
    if not absent:
        return
    packages = [package for tool in absent for package in TOOLS[tool].packages]
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _install(packages)
        absent = [tool for tool in absent if not is_present(tool)]
    if absent:
        raise Missing(
            f"{', '.join(absent)} not found: apt-get install --no-install-recommends "
            f"{' '.join(packages)}"
        )


def _install(packages: list[str]) -> None:
    log = log_path("apt")
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=600"]
    with locked("apt"), step(f"apt-get install {' '.join(packages)}"):
        log.unlink(missing_ok=True)
        environment = {"DEBIAN_FRONTEND": "noninteractive"}
        run([*apt, "update"], log, cwd=Path("/"), env=environment)
        install = [*apt, "install", "--no-install-recommends", *packages]
        run(install, log, cwd=Path("/"), env=environment)
