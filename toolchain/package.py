"""The tinyinfer package as .mpy files: what a maker copies to a board beside the native module."""

from pathlib import Path

from toolchain import CHECKOUT
from toolchain.cache import artifact, digest, recipe_version, snapshot
from toolchain.log import run
from toolchain.micropython import mpy_cross, source_version

DEVICE = Path("device")


def package() -> Path:
    """Folder that holds tinyinfer/, compiled."""

    def build(work: Path, log: Path) -> Path:
        lib = work / "lib"
        for name in files:
            product = lib / name.relative_to(DEVICE).with_suffix(".mpy")
            product.parent.mkdir(parents=True, exist_ok=True)
            shown = name.relative_to(DEVICE)  # in tracebacks
            command = [mpy_cross(), "-s", shown, "-o", product, work / "src" / name]
            run(command, log, rename=(work / "src", CHECKOUT))
        return lib

    files = snapshot("device/tinyinfer", suffixes=[".py"])
    return artifact("package", digest(source_version(), recipe_version(__file__)), files, build)
