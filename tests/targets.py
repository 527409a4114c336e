"""What can run a script with `import tinyinfer`: this Python, MicroPython, emulated, real boards.

    target.run("import tinyinfer; print(tinyinfer.BACKEND)", {"model.tinf": data})

runs a script in a folder that holds these files and returns what it printed. The emulated boards
are those of boards/: none is named here.
"""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from mpremote.romfs import VfsRomWriter
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from toolchain import CHECKOUT
from toolchain.extension import extension
from toolchain.firmware import emulated_boards, firmware
from toolchain.natmod import natmod
from toolchain.package import package
from toolchain.qemu import Machine

Files = Mapping[str, bytes]

NO_FILES: Files = {}
TIMEOUT = 120.0  # seconds without a sign of life
UNIX_MACHINES = {"x86_64": "x64"}  # the unix port's native modules, by the PC's processor
PYTHON_ENGINE_NOTICE = "tinyinfer: no native module found"


class TargetError(Exception):
    """The script raised, or the target fell silent; the message ends with what it printed."""


class Target:
    """One way to run tinyinfer. `backend`: what tinyinfer.BACKEND must say, None if unknown."""

    def __init__(self, name: str, backend: str | None, origin: Path | None = None) -> None:
        self.name = name
        self.backend = backend
        self.origin = origin  # the file that brings the engine: firmware, native module, extension

    def __repr__(self) -> str:
        return self.name

    def execute(self, script: str, files: Files, timeout: float) -> str:
        raise NotImplementedError

    def run(self, script: str, files: Files = NO_FILES, timeout: float = TIMEOUT) -> str:
        """What the script printed. Files are in its current folder; names may have folders."""
        printed = self.execute(script, files, timeout).replace("\r\n", "\n")
        if self.backend == "python":
            lines = printed.splitlines(keepends=True)
            printed = "".join(line for line in lines if not line.startswith(PYTHON_ENGINE_NOTICE))
        return printed

    def describe(self) -> str:
        """Architecture, engine and its file's hash; raises if the engine is not this target's."""
        found = self.run(
            "import sys, tinyinfer\n"
            "mpy = getattr(sys.implementation, '_mpy', None)\n"
            "print(tinyinfer.BACKEND, sys.implementation.name, mpy and mpy >> 10)\n"
        )
        backend, implementation, arch = found.split()
        if self.backend not in (None, backend):
            raise TargetError(f"{self.name}: BACKEND is {backend}, not {self.backend}")
        digest = hashlib.sha256(self.origin.read_bytes()).hexdigest()[:12] if self.origin else "-"
        return f"{implementation} arch {arch}, BACKEND {backend}, sha256 {digest}"


class ProcessTarget(Target):
    """An interpreter on this machine."""

    def __init__(
        self,
        name: str,
        backend: str,
        command: list[str],
        env: dict[str, str],
        origin: Path | None,
    ) -> None:
        super().__init__(name, backend, origin)
        self.command = command
        self.env = env

    def execute(self, script: str, files: Files, timeout: float) -> str:
        with tempfile.TemporaryDirectory(prefix="tinyinfer-target-") as folder:
            for name, data in {"main.py": script.encode(), **files}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            try:
                done = subprocess.run(
                    [*self.command, "main.py"],
                    cwd=folder,
                    env={**os.environ, **self.env},
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    timeout=timeout,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                printed = (error.stdout or b"").decode(errors="replace")
                raise TargetError(
                    f"{self.name}: no end after {timeout:g} s:\n{printed}"
                ) from error
        if done.returncode:
            raise TargetError(
                f"{self.name}: exit code {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout


class QemuTarget(Target):
    """An emulated board, started afresh for each script; all its files are in its ROMFS."""

    def __init__(self, name: str, backend: str, board: str, arch: str | None = None) -> None:
        self.board = emulated_boards()[board]
        self.firmware = firmware(board, usermod=backend == "usermod")
        self.library: dict[str, bytes] = {}
        origin = self.firmware
        if backend != "usermod":
            lib = package()
            for path in lib.rglob("*.mpy"):
                self.library[f"lib/{path.relative_to(lib)}"] = path.read_bytes()
        if arch is not None:
            origin = natmod(arch)
            self.library[f"lib/{origin.name}"] = origin.read_bytes()
        super().__init__(name, backend, origin)

    def machine(
        self, files: Files = NO_FILES, *, pty: bool = False, args: tuple[str, ...] = ()
    ) -> Machine:
        """The board, running, for tests that talk to it themselves."""
        contents = {**self.library, **files}
        image = romfs(contents) if contents else b""
        return Machine(self.board, self.firmware, romfs=image, pty=pty, args=args)

    def execute(
        self, script: str, files: Files, timeout: float, args: tuple[str, ...] = ()
    ) -> str:
        with self.machine(files, args=args) as machine:
            transport = SerialTransport(machine.device)
            try:
                transport.read_until(1, b">>> ", timeout=timeout)
                transport.enter_raw_repl(soft_reset=False)
                enter = "import os; os.chdir('/rom')\n" if files else ""
                return follow(self.name, transport, enter + script, timeout)
            finally:
                # pyserial's close() of a socket sleeps for 0.3 s, for a server that lives on.
                transport.serial.is_open = False


class SerialTarget(Target):
    """A board on a serial port with whatever engine it has; the files are removed again."""

    FOLDER = "/tinyinfer_test"

    def __init__(self, port: str) -> None:
        super().__init__(port, None)

    def execute(self, script: str, files: Files, timeout: float) -> str:
        transport = SerialTransport(self.name)
        try:
            transport.enter_raw_repl(soft_reset=True)
            folders = {self.FOLDER}
            folders |= {
                f"{self.FOLDER}/{p}" for name in files for p in Path(name).parents if p.name
            }
            for folder in sorted(folders):
                transport.fs_mkdir(folder)
            try:
                for name, data in files.items():
                    transport.fs_writefile(f"{self.FOLDER}/{name}", data)
                enter = f"import os; os.chdir('{self.FOLDER}')\n"
                return follow(self.name, transport, enter + script, timeout)
            finally:
                transport.exec("import os; os.chdir('/')")
                for name in files:
                    transport.fs_rmfile(f"{self.FOLDER}/{name}")
                for folder in sorted(folders, reverse=True):
                    transport.fs_rmdir(folder)
        finally:
            transport.close()


def follow(name: str, transport: SerialTransport, script: str, timeout: float) -> str:
    """Runs a script on a raw REPL and returns its output."""
    printed = bytearray()
    try:
        transport.exec_raw_no_follow(script)
        _, error = transport.follow(timeout, data_consumer=printed.extend)
    except TransportError as failure:
        output = printed.decode(errors="replace")
        raise TargetError(f"{name}: {failure}; printed so far:\n{output}") from failure
    output = printed.replace(b"\x04", b"").decode(errors="replace")
    if error:
        raise TargetError(f"{name}:\n{output}{error.decode(errors='replace')}")
    return output


def romfs(files: Files) -> bytes:
    """A ROMFS image of these files, by mpremote's writer."""
    writer = VfsRomWriter()
    _add_folder(writer, files)
    return bytes(writer.finalise())


def _add_folder(writer: VfsRomWriter, files: Files) -> None:
    folders: dict[str, dict[str, bytes]] = {}
    for name, data in sorted(files.items()):
        folder, slash, rest = name.partition("/")
        if slash:
            folders.setdefault(folder, {})[rest] = data
        else:
            writer.mkfile(name, data)
    for folder, contents in folders.items():
        writer.opendir(folder)
        _add_folder(writer, contents)
        writer.closedir()


def _host(name: str, backend: str) -> Target:
    env = {"PYTHONPATH": str(CHECKOUT / "device")}
    if backend == "python":
        return ProcessTarget(
            name, backend, [sys.executable], {**env, "TINYINFER_BACKEND": "python"}, None
        )
    folder = extension(sanitize=bool(os.environ.get("TINYINFER_SANITIZE")))
    env["PYTHONPATH"] += f"{os.pathsep}{folder}"
    return ProcessTarget(name, backend, [sys.executable], env, next(folder.iterdir()))


def _unix(name: str, backend: str, board: str, arch: str | None = None) -> Target:
    executable = firmware(board, usermod=backend == "usermod")
    origin = executable
    path = []
    if backend != "usermod":
        path.append(str(CHECKOUT / "device"))
    if arch is not None:
        origin = natmod(arch)
        path.append(str(origin.parent))
    env = {"MICROPYPATH": os.pathsep.join([*path, ".frozen"])}
    heap = emulated_boards()[board]["ram_bytes"]
    return ProcessTarget(name, backend, [str(executable), "-X", f"heapsize={heap}"], env, origin)


def known_targets() -> dict[str, Callable[[], Target]]:
    """What this kind of machine can run, by name; calling one builds it."""
    makers: dict[str, Callable[[], Target]] = {
        "host-cpython": partial(_host, "host-cpython", "cpython"),
        "host-python": partial(_host, "host-python", "python"),
    }
    for board, facts in emulated_boards().items():
        unix = facts["emulator"]["port"] == "unix"
        make = _unix if unix else QemuTarget
        for backend in facts["backends"]:
            if backend != "natmod":
                makers[f"{board}-{backend}"] = partial(make, f"{board}-{backend}", backend, board)
                continue
            for index, arch in enumerate(facts["natmods"]):
                if unix and UNIX_MACHINES.get(platform.machine()) != arch:
                    continue
                name = f"{board}-natmod" + (f"-{arch}" if index else "")
                makers[name] = partial(make, name, backend, board, arch)
    return makers


def is_serial_port(name: str) -> bool:
    return name.startswith(("/dev/", "COM", "socket://"))
