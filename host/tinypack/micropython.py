"""Runs a model file in MicroPython's unix port, if one is on this computer."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tinyinfer
from numpy.typing import NDArray

from .errors import PackError

# Samples that the Python engine runs there; a native one runs all.
_FEW = 5
_TIMEOUT_S = 300

_SCRIPT = """
import sys
from array import array
from binascii import hexlify
import tinyinfer

model = tinyinfer.Model("model.tinf")
print(sys.version.split("; ")[1].split(" on ")[0])
print(tinyinfer.BACKEND, model.test())
limit = int(sys.argv[1]) if tinyinfer.BACKEND == "python" else int(sys.argv[2])
with open("samples.bin", "rb") as file:
    for _ in range(limit):
        model.run(array("f", file.read(int(sys.argv[3]))))
        print(str(hexlify(bytes(model.output())), "ascii"))
"""


@dataclass(frozen=True)
class MicroPythonRun:
    """`version` as it names itself, `backend` of tinyinfer there, output bytes by sample."""

    version: str
    backend: str
    golden: int
    outputs: tuple[bytes, ...]


def find_micropython() -> Path | None:
    """$TINYINFER_MICROPYTHON, the newest unix port of the tests' cache, or one on the PATH."""
    if named := os.environ.get("TINYINFER_MICROPYTHON"):
        return Path(named)
    cache = Path(os.environ.get("TINYINFER_CACHE") or Path.home() / ".cache" / "tinyinfer")
    built = sorted(
        cache.glob("artifacts/UNIX-usermod-*/micropython"), key=lambda path: path.stat().st_mtime
    )
    if built:
        return built[-1]
    found = shutil.which("micropython")
    return Path(found) if found else None


def run_in_micropython(binary: Path, file: bytes, x: NDArray[np.float32]) -> MicroPythonRun:
    """Golden vectors and samples there; PackError says what went wrong."""
    samples = np.ascontiguousarray(x, "<f4").reshape(len(x), -1)
    # Frozen modules first, then the package as it is here.
    package = Path(tinyinfer.__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.tinf").write_bytes(file)
        (folder / "samples.bin").write_bytes(samples.tobytes())
        (folder / "script.py").write_text(_SCRIPT)
        counts = [str(min(_FEW, len(x))), str(len(x)), str(samples[0].nbytes)]
        try:
            done = subprocess.run(
                [binary, "-X", "heapsize=16m", "script.py", *counts],
                cwd=folder,
                env={**os.environ, "MICROPYPATH": f".frozen:{package}"},
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            said = (getattr(error, "stderr", None) or getattr(error, "stdout", None) or "").strip()
            reason = said.splitlines()[-1] if said else str(error)
            raise PackError(f"{binary}: cannot run the model ({reason}); build it anew") from error
    lines = [line for line in done.stdout.splitlines() if not line.startswith("tinyinfer: ")]
    backend, golden = lines[1].split()
    outputs = tuple(bytes.fromhex(line) for line in lines[2:])
    return MicroPythonRun(lines[0], backend, int(golden), outputs)
