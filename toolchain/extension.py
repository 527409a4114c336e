"""The CPython extension `_tinyinfer` as the sources are now; an installed one may be older."""

import sys
import sysconfig
from pathlib import Path

from toolchain import CHECKOUT
from toolchain.cache import artifact, digest, program_version, recipe_version, snapshot
from toolchain.firmware import C_SOURCES
from toolchain.log import run
from toolchain.packages import need

NATIVE = "native_modules/tinyinfer"
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Wmissing-prototypes", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def extension(sanitize: bool = False) -> Path:
    """Folder to put on sys.path: it holds _tinyinfer for the Python that runs this, asserts on.

    With sanitizers the Python that imports it must be started with their library in LD_PRELOAD.
    """
    need("cc", "python.h")
    files = snapshot(NATIVE, suffixes=C_SOURCES)
    options = ["-std=c99", "-g", "-O1" if sanitize else "-O2", "-fPIC", "-shared", *WARNINGS]
    options += SANITIZERS if sanitize else []
    suffix = sysconfig.get_config_var("EXT_SUFFIX")

    def build(work: Path, log: Path) -> Path:
        folder = work / "extension"
        folder.mkdir(exist_ok=True)
        native = work / "src" / NATIVE
        sources = [
            path
            for room in ("engine", "kernels", "cpython")
            for path in sorted((native / room).glob("*.c"))
        ]
        includes = ["-I", native, "-isystem", sysconfig.get_path("include")]
        target = folder / f"_tinyinfer{suffix}"
        command = ["cc", *options, *includes, "-o", target, *sources]
        run(command, log, rename=(work / "src", CHECKOUT))
        return folder

    name = "extension-sanitize" if sanitize else "extension"
    recipe = digest(recipe_version(__file__), program_version("cc"), options, sys.version, suffix)
    return artifact(name, recipe, files, build)
