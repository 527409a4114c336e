"""mpremote and ampy, as a maker starts them, against the serial port of emulated boards."""

import subprocess
import sys

import pytest

from tests.targets import SerialTarget

pytestmark = pytest.mark.targets("QEMU_M3-usermod", "QEMU_RV32-usermod")


def tool(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_mpremote_copies_and_runs(target, tmp_path):
    (tmp_path / "hello.py").write_text("print('hello')\n")
    with target.machine(pty=True) as machine:
        mpremote = ("mpremote", "connect", machine.device)
        tool(*mpremote, "fs", "cp", str(tmp_path / "hello.py"), ":hello.py")
        assert "hello.py" in tool(*mpremote, "fs", "ls")
        assert tool(*mpremote, "exec", "import hello") == "hello\n"


def test_mpremote_deploys_romfs(target, tmp_path):
    (tmp_path / "model.bin").write_bytes(bytes(range(256)) * 8)
    with target.machine(pty=True) as machine:
        mpremote = ("mpremote", "connect", machine.device)
        tool(*mpremote, "romfs", "deploy", str(tmp_path))
        tool(*mpremote, "soft-reset")
        script = "data = open('/rom/model.bin', 'rb').read(); print(len(data), data[255])"
        assert tool(*mpremote, "exec", script) == "2048 255\n"


def test_ampy_copies_both_ways(target, tmp_path):
    (tmp_path / "there.bin").write_bytes(b"some bytes\n")
    with target.machine(pty=True) as machine:
        ampy = ("ampy.cli", "--port", machine.device)
        tool(*ampy, "put", str(tmp_path / "there.bin"), "there.bin")
        tool(*ampy, "get", "there.bin", str(tmp_path / "back.bin"))
    assert (tmp_path / "back.bin").read_bytes() == b"some bytes\n"


def test_a_board_on_a_serial_port_is_a_target(target):
    """tests/targets.py by mpremote's transport; what it copied to the board is gone afterwards."""
    with target.machine(pty=True) as machine:
        board = SerialTarget(machine.device)
        assert "BACKEND usermod" in board.describe()
        files = {"a.txt": b"one", "folder/b.txt": b"two"}
        script = "print(open('a.txt').read(), open('folder/b.txt').read())"
        assert board.run(script, files) == "one two\n"
        assert "tinyinfer_test" not in tool("mpremote", "connect", machine.device, "fs", "ls")
