"""Xtensa as the ESP32 has it, with Debian's compiler, which is made for the ESP8266's.

Told by $XTENSA_GNU_CONFIG, assembler and linker take the instructions of another core; the
compiler makes code for its windowed ABI when asked by an option.
"""

import os
import re
import shutil
from functools import cache
from pathlib import Path

from toolchain import CHECKOUT, ToolchainError
from toolchain.cache import artifact, digest, program_version, recipe_version, snapshot
from toolchain.debian import unpack
from toolchain.log import run
from toolchain.packages import need
from toolchain.versions import versions

COMPILER = "xtensa-lx106-elf-gcc"
CFLAGS = ("-mabi=windowed", "-isystem", "/usr/lib/xtensa-lx106-elf/include")
TABLES, HEADERS = "target/xtensa", "include/hw/xtensa"
RUNTIME = "toolchain/xtensa_runtime"

# Numbers of the configuration in the order of binutils' interface; XCHAL_HAVE_* of the core where
# it says so, else a number or another name. A version of the interface only ever adds a struct.
HAVE = (
    "BE DENSITY CONST16 ABS ADDX L32R 0 1 MAC16 MUL16 MUL32 MUL32_HIGH DIV32 NSA MINMAX SEXT "
    "LOOPS THREADPTR RELEASE_SYNC S32C1I BOOLEANS 0 0 0 0 0 0 0 0 0 0 0 "
    "WINDOWED XCHAL_NUM_AREGS 0 PREDICTED_BRANCHES XCHAL_ICACHE_SIZE XCHAL_DCACHE_SIZE "
    "XCHAL_ICACHE_LINESIZE XCHAL_DCACHE_LINESIZE XCHAL_ICACHE_LINEWIDTH XCHAL_DCACHE_LINEWIDTH "
    "XCHAL_DCACHE_IS_WRITEBACK 0 12 DEBUG XCHAL_NUM_IBREAK XCHAL_NUM_DBREAK XCHAL_DEBUGLEVEL "
    "XCHAL_MAX_INSTRUCTION_SIZE XCHAL_INST_FETCH_WIDTH 0 0 1",  # windowed; its number, call0's
    "0 XCHAL_HW_VERSION XCHAL_HW_VERSION",
    "CLAMPS 0 0 0",
    "XCHAL_DATA_WIDTH XCHAL_UNALIGNED_LOAD_EXCEPTION XCHAL_UNALIGNED_STORE_EXCEPTION "
    "XCHAL_UNALIGNED_LOAD_HW XCHAL_UNALIGNED_STORE_HW",
)


def environment(tool: str) -> dict[str, str]:
    """Variables that programs of a tool of packages.py need."""
    return {"XTENSA_GNU_CONFIG": str(configuration())} if tool == "xtensa" else {}


def configuration() -> Path:
    """The shared object that tells binutils, and GCC from 13 on, of the core."""
    need("cc", "xtensa")
    name = versions()["xtensa"]["core"]
    qemu = _qemu()
    tables = qemu / TABLES

    def build(work: Path, log: Path) -> Path:
        (work / "qemu").mkdir(exist_ok=True)  # its sources include "qemu/osdep.h"
        (work / "qemu/osdep.h").write_text("#include <stddef.h>\n#include <stdint.h>\n")
        core = tables / f"core-{name}"
        source = work / "configuration.c"
        source.write_text(_source(core))
        product = work / f"xtensa-{name}.so"
        places = (work, qemu / "include", tables, core)
        includes = [option for place in places for option in ("-I", place)]
        options = ["-O1", "-w", "-fPIC", "-shared", "-DATTRIBUTE_UNUSED=", *includes]
        run(["cc", *options, "-o", product, source], log)
        return product

    parts = sorted([*(tables / f"core-{name}").rglob("*.*"), *(qemu / HEADERS).glob("*.h")])
    contents = [path.read_bytes() for path in parts if path.is_file()]
    return artifact("xtensa-config", digest(name, recipe_version(__file__), *contents), {}, build)


@cache
def _qemu() -> Path:
    """QEMU's tables of Xtensa cores, from $QEMU_DIR or Debian's source package."""
    pin = versions()["xtensa"]
    wanted = f"{TABLES}/core-{pin['core']}/xtensa-modules.c.inc"
    own = os.environ.get("QEMU_DIR")
    if own:
        path = Path(own).resolve()
        if not (path / wanted).is_file():
            raise ToolchainError(f"QEMU_DIR={own} holds no {wanted}")
        return path

    def fetch(work: Path, log: Path) -> Path:
        top = work / "qemu"
        shutil.rmtree(top, ignore_errors=True)
        try:
            unpack("qemu", pin, top, log, TABLES, HEADERS)
        except (ToolchainError, OSError) as error:
            raise ToolchainError(
                "QEMU's tables of Xtensa cores could not be had from Debian "
                f"{pin['suite']} ({str(error).partition(';')[0]}); the log is {log}; "
                f"or set QEMU_DIR to a source tree of QEMU {pin['upstream'].partition('+')[0]}"
            ) from error
        return top

    # Recipes do not change what is fetched: the pin, with the archive's hash, is the whole key.
    return artifact("xtensa-tables", repr(pin), {}, fetch)


def _source(core: Path) -> str:
    lines = ['#include "core-isa.h"', f'#include "{core}/xtensa-modules.c.inc"']
    for version, names in enumerate(HAVE, 1):
        values = [
            name if re.match("X|[0-9]", name) else f"XCHAL_HAVE_{name}" for name in names.split()
        ]
        lines.append(f"const int xtensa_config_v{version}[] = {{ {', '.join(values)} }};")
    # Tables of QEMU's are under the MIT licence; GCC asks for this word.
    lines.append("int plugin_is_GPL_compatible;")
    return "\n".join(lines) + "\n"


def runtime() -> Path:
    """libgcc.a for the windowed ABI, and what a bare machine needs of its windows."""
    need("xtensa")

    def build(work: Path, log: Path) -> Path:
        product = work / "libgcc.a"
        options = [
            "-std=c99",
            "-O2",
            "-fno-builtin",
            "-ffunction-sections",
            "-mlongcalls",  # mpy_ld.py leaves the others where they are
            "-Wall",
            "-Wextra",
            *CFLAGS,
        ]
        env = environment("xtensa")
        objects = []
        for source in sorted((work / "src" / RUNTIME).iterdir()):
            objects.append(work / f"{source.stem}.o")
            command = [COMPILER, *options, "-c", source, "-o", objects[-1]]
            run(command, log, env=env, rename=(work / "src", CHECKOUT))
        product.unlink(missing_ok=True)
        run([COMPILER.removesuffix("gcc") + "ar", "rcs", product, *objects], log, env=env)
        return product

    recipe = digest(recipe_version(__file__), program_version(COMPILER), configuration())
    return artifact("xtensa-runtime", recipe, snapshot(RUNTIME), build)


def make_options() -> list[str]:
    """For boards/QEMU_XTENSA."""
    prefix = COMPILER.removesuffix("gcc")
    flags = " ".join(CFLAGS)
    return [f"CROSS_COMPILE={prefix}", f"XTENSA_CFLAGS={flags}", f"XTENSA_LIBGCC={runtime()}"]
