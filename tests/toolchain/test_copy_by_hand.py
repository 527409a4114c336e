"""README.md, "Onto a board": native module, package and model by mpremote, on stock firmware."""

import subprocess
import sys

import pytest
from tinypack.demo import MODEL, SAMPLES
from tinypack.pipeline import pack
from tinypack.samples import load_calibration

from toolchain.natmod import natmod
from toolchain.package import package

pytestmark = pytest.mark.targets("QEMU_M3-natmod")
SCRIPT = "import tinyinfer; print(tinyinfer.BACKEND, tinyinfer.Model('digits.tinf').test())"


def mpremote(device: str, *words: str) -> str:
    command = [sys.executable, "-m", "mpremote", "connect", device, *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_mpremote_copies_all_it_takes(target, tmp_path):
    model = tmp_path / "digits.tinf"
    packed = pack(MODEL, load_calibration(SAMPLES))
    model.write_bytes(packed.file)
    with target.machine(pty=True) as machine:
        mpremote(machine.device, "fs", "cp", str(natmod("armv6m")), ":")
        mpremote(machine.device, "fs", "cp", "-r", str(package() / "tinyinfer"), ":")
        mpremote(machine.device, "fs", "cp", str(model), ":")
        printed = mpremote(machine.device, "exec", SCRIPT).split()
    assert printed == ["natmod", str(len(packed.model.golden))]
