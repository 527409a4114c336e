"""MicroPython's sources, from $MICROPYTHON_DIR, Debian's source package or git; and mpy-cross."""

import os
import shutil
from functools import cache, partial
from pathlib import Path
from typing import Any

from toolchain import ToolchainError
from toolchain.cache import artifact, digest, program_version, recipe_version
from toolchain.debian import unpack
from toolchain.log import run
from toolchain.packages import need
from toolchain.versions import versions

ROOMS = ("py", "extmod", "lib", "shared", "tools", "mpy-cross", "ports/unix", "ports/qemu")


@cache
def source() -> Path:
    """Top folder of MicroPython's source tree."""
    own = os.environ.get("MICROPYTHON_DIR")
    if own:
        path = Path(own).resolve()
        if not (path / "py" / "mpconfig.h").is_file():
            raise ToolchainError(f"MICROPYTHON_DIR={own} holds no py/mpconfig.h")
        return path
    pins = versions()["micropython"]
    # Recipes do not change what is fetched: the pins are the whole key.
    return artifact("micropython", repr(pins), {}, _fetch)


@cache
def source_version() -> str:
    """Changes whenever the source tree does."""
    if not os.environ.get("MICROPYTHON_DIR"):
        return str(source())
    top = source()
    stamps = []
    for room in ROOMS:
        for path in sorted((top / room).rglob("*")):
            built = any(part.startswith("build") for part in path.relative_to(top).parts)
            if path.is_file() and not built:
                stamps.append(f"{path} {path.stat().st_mtime_ns}")
    return digest(*stamps)


def mpy_cross() -> Path:
    """The compiler of .mpy files that belongs to this source tree."""
    need("make", "cc")

    def build(work: Path, log: Path) -> Path:
        options = [f"-j{os.cpu_count()}", f"BUILD={work / 'build'}"]
        run(["make", "-C", source() / "mpy-cross", *options], log)
        return work / "build" / "mpy-cross"

    recipe = digest(source_version(), recipe_version(__file__), program_version("cc"))
    return artifact("mpy-cross", recipe, {}, build)


def _fetch(work: Path, log: Path) -> Path:
    top = work / "micropython"
    pins = versions()["micropython"]
    failures = []
    # The pinned release from Debian or git; an older one of Debian's only when neither has it.
    first, *older = pins["debian"]
    for title, download in (
        (f"Debian {first['suite']}", partial(_from_debian, first)),
        (f"git {pins['tag']}", partial(_from_git, pins)),
        *((f"Debian {package['suite']}", partial(_from_debian, package)) for package in older),
    ):
        shutil.rmtree(top, ignore_errors=True)
        try:
            download(top, log)
        except (ToolchainError, OSError) as error:
            failures.append(f"{title} ({str(error).partition(';')[0]})")
            continue
        # We freeze nothing of this library; the makefiles only look whether its folder was filled.
        (top / "lib/micropython-lib").mkdir(exist_ok=True)
        (top / "lib/micropython-lib/README.md").touch()
        return top
    raise ToolchainError(
        f"MicroPython's source could not be had from {', '.join(failures)}; the log is {log}; "
        "or set MICROPYTHON_DIR to a checkout of yours"
    )


def _from_git(pins: dict[str, Any], top: Path, log: Path) -> None:
    need("git")
    clone = ["git", "clone", "--quiet", "--depth=1", f"--branch={pins['tag']}", pins["git"], top]
    run(clone, log, env={"GIT_TERMINAL_PROMPT": "0"})


def _from_debian(package: dict[str, str], top: Path, log: Path) -> None:
    unpack("micropython", package, top, log)
