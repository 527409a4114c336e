"""The networks, packed by the command a maker uses."""

import os
import subprocess
import sys
from pathlib import Path

from toolchain import CHECKOUT, ToolchainError
from toolchain.cache import artifact, digest, recipe_version, snapshot
from toolchain.extension import extension

PRECISIONS = ("int8", "int4")
WIDE = "int16"
# Trained networks, from the folder that TINYINFER_MODELS names; the rest has seeded weights.
TRAINED = ("kws", "ic")
SEEDED = {"kws_seeded": "kws", "ic_seeded": "ic", "vww": "vww", "ad": "ad"}
# Those that are measured with s16 as well.
MEASURED_WIDE = (*TRAINED, "kws_seeded", "ic_seeded")
# Single operators, tests/models/blocks.py, with the precisions they are measured in.
BLOCKS = {"dw3x3": ("int8",), "add": ("int8",)}
# Chains of random layers, tests/models/random_blocks.py, by their seeds.
RANDOM = {f"random_{seed}": str(seed) for seed in range(30)}


def available() -> list[str]:
    trained = [name for name in TRAINED if _trained(name)[0].is_file()]
    return [*trained, *SEEDED, *BLOCKS]


def shared_and_random() -> list[str]:
    """Networks of the folder TINYINFER_MODELS that have samples, and random ones."""
    folder = _trained("")[0].parent
    found = sorted(path.stem for path in folder.glob("*.onnx"))
    return [*(name for name in found if _trained(name)[1].is_file()), *RANDOM]


def precisions(name: str) -> tuple[str, ...]:
    wide = (WIDE,) if name in MEASURED_WIDE else ()
    return BLOCKS.get(name, (*PRECISIONS, *wide))


def packed(name: str, precision: str) -> Path:
    """Path of the model file."""
    if name in RANDOM:
        onnx, samples = _made("tests.models.random_blocks", RANDOM[name])
    elif name in BLOCKS:
        onnx, samples = _made("tests.models.blocks", name)
    elif name in SEEDED:
        onnx, samples = _made("tests.models.make_seeded", SEEDED[name])
    else:
        onnx, samples = _trained(name)
    files = snapshot("host/tinypack", suffixes=[".py"])
    files |= snapshot("native_modules/tinyinfer", suffixes=[".def", ".fbs"])

    def pack(work: Path, log: Path) -> Path:
        product = work / f"{name}.tinf"
        options = ["--calib", samples, "--precision", precision, "-o", product]
        _python("tinypack", "pack", onnx, *options)
        return product

    recipe = digest(recipe_version(__file__), onnx.read_bytes(), samples.read_bytes())
    return artifact(f"bench-{name}-{precision}", recipe, files, pack)


def _trained(name: str) -> tuple[Path, Path]:
    folder = Path(os.environ.get("TINYINFER_MODELS", "/nonexistent"))
    return folder / "models" / f"{name}.onnx", folder / "samples" / f"{name}.npz"


def _made(module: str, name: str) -> tuple[Path, Path]:
    """What a module of tests/models writes under that name."""
    files = snapshot("tests/models", suffixes=[".py"])

    def make(work: Path, log: Path) -> Path:
        _python(module, work / "made", name)
        return work / "made"

    folder = artifact(f"{module.rpartition('.')[2]}-{name}", recipe_version(__file__), files, make)
    return folder / f"{name}.onnx", folder / f"{name}.npz"


def _python(module: str, *arguments: str | Path) -> None:
    paths = [CHECKOUT, CHECKOUT / "host", CHECKOUT / "device", extension()]
    command = [sys.executable, "-m", module, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ToolchainError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
