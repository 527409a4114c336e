"""Xtensa as the ESP32 has it, with Debian's compiler, which is made for the ESP8266's.

Told by $XTENSA_GNU_CONFIG, assembler and linker take the instructions of another core; the
compiler makes code for its windowed ABI when asked by an option.
"""

import re
import shutil
from pathlib import Path

from toolchain import CHECKOUT
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
    pin = versions()["xtensa"]

    def build(work: Path, log: Path) -> Path:
        tables = work / "qemu" / TABLES
        shutil.rmtree(work / "qemu", ignore_errors=True)
        unpack("qemu", pin, work / "qemu", log, TABLES, HEADERS)
        (work / "qemu/include/qemu").mkdir()
        (work / "qemu/include/qemu/osdep.h").write_text(
            "#include <stddef.h>\n#include <stdint.h>\n"
        )
        core = tables / f"core-{pin['core']}"
        source = work / "configuration.c"
        source.write_text(_source(core))
        product = work / f"xtensa-{pin['core']}.so"
        includes = [
            option for path in (work / "qemu/include", tables, core) for option in ("-I", path)
        ]
        options = ["-O1", "-w", "-fPIC", "-shared", "-DATTRIBUTE_UNUSED=", *includes]
        run(["cc", *options, "-o", product, source], log)
        return product

    return artifact("xtensa-config", digest(repr(pin), recipe_version(__file__)), {}, build)


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
