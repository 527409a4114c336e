"""MicroPython for the emulated boards, with tinyinfer in it or as a maker downloads it."""

import json
import os
from pathlib import Path
from typing import Any

from toolchain import CHECKOUT, ToolchainError, xtensa
from toolchain.cache import (
    artifact,
    digest,
    digest_snapshot,
    program_version,
    recipe_version,
    snapshot,
)
from toolchain.log import run
from toolchain.micropython import mpy_cross, source, source_version
from toolchain.packages import need

C_SOURCES = (".c", ".h", ".S", ".def", ".mk")
BOARD_SOURCES = (".c", ".h", ".ld", ".mk", ".py")  # what a build needs of board.json it is told
COMPILERS = {
    "qemu-system-arm": ("arm", "arm-none-eabi-gcc"),
    "qemu-system-riscv32": ("riscv", "riscv64-unknown-elf-gcc"),
    "qemu-system-xtensa": ("xtensa", xtensa.COMPILER),
}


def all_boards() -> dict[str, dict[str, Any]]:
    """Every board.json, by id."""
    paths = sorted((CHECKOUT / "boards").glob("*/board.json"))
    return {board["id"]: board for board in (json.loads(path.read_text()) for path in paths)}


def emulated_boards() -> dict[str, dict[str, Any]]:
    """Those with an emulator that runs MicroPython."""
    return {name: board for name, board in all_boards().items() if "emulator" in board}


def firmware(board_id: str, *, usermod: bool) -> Path:
    """Path of the board's firmware, or of the unix port's executable."""
    board = emulated_boards().get(board_id)
    if board is None:
        known = ", ".join(emulated_boards())
        raise ToolchainError(f"no emulated board {board_id}; there are {known}")
    emulator = board["emulator"]
    port = emulator["port"]
    if port == "unix":
        tool, compiler, product = "cc", "cc", "micropython"
        options = [
            *("STRIP=true", "MICROPY_SSL_MBEDTLS=0", "MICROPY_PY_SSL=0"),
            *("MICROPY_PY_BTREE=0", "MICROPY_PY_FFI=0"),
        ]
    else:
        tool, compiler = COMPILERS[emulator["system"]]
        product = "firmware.elf"
        options = [
            f"MICROPY_HEAP_SIZE={emulator['heap_bytes']}",
            f"ROMFS_ADDRESS={emulator['romfs_address']}",
            f"ROMFS_BYTES={board['romfs_bytes']}",
        ]
    need("make", "cc", tool)
    if tool == "xtensa":
        options += xtensa.make_options()

    files = snapshot(f"boards/{board_id}", f"boards/{port}", suffixes=BOARD_SOURCES)
    if usermod:
        files |= snapshot("native_modules", suffixes=C_SOURCES)
        files |= snapshot("device/tinyinfer", suffixes=[".py"])
        files |= snapshot("boards/manifest.py")

    def build(work: Path, log: Path) -> Path:
        src = work / "src"
        manifest = src / "boards" / (board_id if usermod else port) / "manifest.py"
        paths = {
            "BUILD": work / "build",
            "MICROPY_MPYCROSS": mpy_cross(),
            "MICROPY_MPYCROSS_DEPENDENCY": "",
            "FROZEN_MANIFEST": manifest,
            "USER_C_MODULES": src / "native_modules" if usermod else "",
        }
        if port == "qemu":
            paths |= {"BOARD": board_id, "BOARD_DIR": src / "boards" / board_id}
        make = ["make", f"-j{os.cpu_count()}", "-C", source() / "ports" / port, *options]
        make += [f"{name}={path}" for name, path in paths.items()]
        run(make, log, rename=(src, CHECKOUT), env=xtensa.environment(tool))
        return work / "build" / product

    name = f"{board_id}-{'usermod' if usermod else 'stock'}"
    flags = {path: data for path, data in files.items() if path.suffix in (".mk", ".ld")}
    recipe = digest(
        *(options, digest_snapshot(flags)),  # make does not see these change
        *(source_version(), recipe_version(__file__), program_version(compiler)),
    )
    return artifact(name, recipe, files, build)
