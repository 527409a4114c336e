"""QEMU: an emulated board as a process with a serial port, and its instruction counter."""

import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from toolchain import CHECKOUT, ToolchainError
from toolchain.cache import artifact, digest, program_version, recipe_version, snapshot
from toolchain.log import run
from toolchain.packages import need

START_SECONDS = 20


class Machine:
    """A running board. `device` is its serial port, as pyserial names it.

    A pseudo-terminal (`pty`) can be opened by any serial program; QEMU notices only a second
    later that it was. The socket is for tests: the board starts when it is connected.
    """

    def __init__(
        self,
        board: dict[str, Any],
        firmware: Path,
        *,
        romfs: bytes = b"",
        pty: bool = False,
        args: Sequence[str] = (),
    ) -> None:
        emulator = board["emulator"]
        need(emulator["system"])
        self._folder = tempfile.TemporaryDirectory(prefix="tinyinfer-qemu-")
        self._output = Path(self._folder.name) / "output"
        command = [
            *(emulator["system"], "-machine", emulator["machine"], *emulator["args"]),
            *("-nographic", "-monitor", "null", "-semihosting", "-kernel", str(firmware)),
            *("-serial", "pty" if pty else "tcp:127.0.0.1:0,server=on,wait=on,nodelay=on", *args),
        ]
        if romfs:
            if len(romfs) > board["romfs_bytes"]:
                raise ToolchainError(
                    f"{len(romfs)} bytes do not fit the ROMFS of {board['id']}, "
                    f"which has {board['romfs_bytes']}"
                )
            image = Path(self._folder.name) / "romfs.img"
            image.write_bytes(romfs)
            address = emulator["romfs_address"]
            command += ["-device", f"loader,file={image},addr={address},force-raw=on"]
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        self.device = self._wait_for_device()

    def _wait_for_device(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = re.search(r"redirected to (\S+)|disconnected:tcp:([\d.:]+),", self.output())
            if found:
                return found[1] or f"socket://{found[2]}"
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        self._kill()
        raise ToolchainError(f"QEMU did not start: {self.output()}")

    def output(self) -> str:
        """What QEMU itself had to say."""
        return self._output.read_text(errors="replace").strip()

    def wait(self, seconds: float) -> None:
        """Until the program has ended the machine: machine.reset() does."""
        self._process.wait(seconds)

    def stop(self) -> None:
        """Ends QEMU the way that lets its plugins write their results."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._kill()
        self._folder.cleanup()

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> "Machine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def plugin(system: str = "qemu-system-arm") -> Path:
    """Path of insn_count.so; the interface number it must carry depends on QEMU's version."""
    need("cc", system)
    major = re.search(r"version (\d+)", program_version(system))
    interface = 2 if major and int(major[1]) >= 9 else 1

    def build(work: Path, log: Path) -> Path:
        product = work / "insn_count.so"
        options = ["-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra", "-Werror"]
        options.append(f"-DQEMU_PLUGIN_VERSION={interface}")
        source = work / "src" / "toolchain/qemu_plugin/insn_count.c"
        run(["cc", *options, "-o", product, source], log, rename=(work / "src", CHECKOUT))
        return product

    recipe = digest(recipe_version(__file__), program_version("cc"), interface)
    return artifact("insn_count", recipe, snapshot("toolchain/qemu_plugin"), build)
