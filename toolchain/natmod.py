"""The engine as a native .mpy: `import _tinyinfer` for a firmware built without it."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

from toolchain import CHECKOUT, ToolchainError, xtensa
from toolchain.cache import artifact, digest, program_version, recipe_version, snapshot
from toolchain.firmware import C_SOURCES
from toolchain.log import run
from toolchain.micropython import mpy_cross, source, source_version
from toolchain.packages import need
from toolchain.versions import versions

# Architecture -> tool of packages.py, compiler
COMPILERS = {
    "x64": ("cc", "cc"),
    "armv6m": ("arm", "arm-none-eabi-gcc"),
    "armv7m": ("arm", "arm-none-eabi-gcc"),
    "armv7emsp": ("arm", "arm-none-eabi-gcc"),
    "armv7emdp": ("arm", "arm-none-eabi-gcc"),
    "rv32imc": ("riscv", "riscv64-unknown-elf-gcc"),
    "xtensawin": ("xtensa", xtensa.COMPILER),
}


def natmod(arch: str, group: str = "all") -> Path:
    """Path of _tinyinfer.mpy for this architecture; group "core" has fewer operators."""
    if arch not in COMPILERS:
        raise ToolchainError(f"no recipe for {arch}; there are {', '.join(COMPILERS)}")
    tool, compiler = COMPILERS[arch]
    need("make", tool)
    files = snapshot("native_modules", suffixes=(*C_SOURCES, ".s", ".ld", "Makefile"))

    # For dynruntime.mk, which expects Espressif's compiler.
    xtensa_options = []
    if tool == "xtensa":
        xtensa_options = [
            f"CROSS={compiler.removesuffix('gcc')}",
            f"LIBGCC_PATH={xtensa.runtime()}",
            f"CFLAGS_EXTRA={' '.join(xtensa.CFLAGS)}",
        ]

    def build(work: Path, log: Path) -> Path:
        # Objects among the sources make the next build start from nothing: dynruntime.mk knows
        # nothing of headers. A relative path, because the .mpy carries it to the board.
        folder = work / "src" / "native_modules" / "tinyinfer" / "natmod"
        options = [
            *(f"ARCH={arch}", f"MPY_DIR={source()}", "BUILD=build"),
            *(f"MPY_CROSS={mpy_cross()}", f"PYTHON={_python_with_elftools()}"),
            f"GROUP={group}",
        ]
        options += xtensa_options
        rename = (work / "src", CHECKOUT)
        run(["make", "-C", folder, *options], log, rename=rename, env=xtensa.environment(tool))
        return folder / "_tinyinfer.mpy"

    recipe = digest(
        source_version(),
        recipe_version(__file__),
        program_version(compiler),
        group,
        xtensa_options,
    )
    return artifact(f"natmod-{arch}-{group}", recipe, files, build)


@cache
def _python_with_elftools() -> str:
    """A Python that can run MicroPython's mpy_ld.py."""
    if all(importlib.util.find_spec(module) for module in ("elftools", "ar")):
        return sys.executable
    need("venv")

    def build(work: Path, log: Path) -> Path:
        venv = work / "venv"
        run([sys.executable, "-m", "venv", "--clear", venv], log)
        run([venv / "bin/pip", "install", "--quiet", *requirements], log)
        return venv

    requirements = versions()["mpy_ld"]["requirements"]
    recipe = digest(requirements, sys.version, sys.prefix)
    return str(artifact("mpy_ld", recipe, {}, build) / "bin/python")
