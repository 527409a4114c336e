"""Links the engine and the harness for a core."""

import os
import subprocess
from pathlib import Path

from bench.cores import Core
from toolchain.cache import artifact, digest, program_version, recipe_version, snapshot
from toolchain.firmware import C_SOURCES
from toolchain.log import run
from toolchain.packages import need
from toolchain.xtensa import environment, runtime

NATIVE = Path("native_modules/tinyinfer")
# As MicroPython compiles a native module; kernels choose their own level of optimisation.
CFLAGS = [
    "-std=c99",
    "-Os",
    "-g",
    "-Wall",
    "-Wextra",
    "-Wno-format",
    "-Werror",
    "-ffunction-sections",
    "-fdata-sections",
    "-fomit-frame-pointer",
    "-fno-builtin",
    "-fno-tree-loop-distribute-patterns",
    "-DNDEBUG",
]
LDFLAGS = ("-nostartfiles", "-Wl,--gc-sections", "-Wl,--no-warn-rwx-segments")


def build(
    core: Core,
    name: str = "bench",
    harness: tuple[str, ...] = ("bench/bench.c",),
    defines: tuple[str, ...] = (),
) -> Path:
    """Path of the ELF of `harness`, sources in the checkout, with engine and machine."""
    need("cc", core.tool, core.system)
    files = snapshot(str(NATIVE), "bench", "tests/kernels", suffixes=(*C_SOURCES, ".ld"))
    options = [*CFLAGS, *core.cflags, *(f"-D{define}=1" for define in defines)]
    env = environment(core.tool)
    libraries = ["-nodefaultlibs", runtime()] if core.tool == "xtensa" else []
    addresses = {"FLASH": core.code, "RAM": core.ram, "JOB": core.job}

    def link(work: Path, log: Path) -> Path:
        source = work / "src"
        machine, native = source / "bench" / "machine", source / NATIVE
        ours = [*(source / path for path in harness), machine / core.start]
        engine = [path for room in ("engine", "kernels") for path in (native / room).glob("*.c")]
        objects = []
        for path in [*ours, *sorted(engine)]:
            # link.ld tells the harness by its objects' names.
            objects.append(work / f"{'harness' if path in ours else 'engine'}-{path.stem}.o")
            includes = ["-I", native, "-I", machine]
            run([core.compiler, *options, *includes, "-c", path, "-o", objects[-1]], log, env=env)
        product = work / f"{name}.elf"
        places = [f"-Wl,--defsym={symbol}={address}" for symbol, address in addresses.items()]
        script = ["-T", machine / "link.ld"]
        command = [core.compiler, *options, *LDFLAGS, *places, *script, "-o", product, *objects]
        run([*command, *libraries], log, env=env)
        return product

    recipe = digest(
        recipe_version(__file__),
        program_version(core.compiler),
        core,
        options,
        LDFLAGS,
        harness,
        libraries,
    )
    return artifact(f"{name}-{core.name}", recipe, files, link)


def address_of(core: Core, elf: Path, symbol: str) -> int:
    for line in _output(core, "nm", elf):
        fields = line.split()
        if fields[-1] == symbol:
            return int(fields[0], 16)
    raise KeyError(symbol)


def code_bytes(core: Core, elf: Path) -> int:
    """Bytes of engine and kernels, their tables and what they take of the compiler's library."""
    for line in _output(core, "size", "-A", elf):
        fields = line.split()
        if fields and fields[0] == ".text":
            return int(fields[1])
    raise KeyError(".text")


def _output(core: Core, tool: str, *arguments: str | Path) -> list[str]:
    program = core.compiler.removesuffix("gcc") + tool
    env = os.environ | environment(core.tool)
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=True, env=env
    )
    return done.stdout.splitlines()
