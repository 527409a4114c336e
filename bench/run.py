"""Runs a model in QEMU and reads what the harness printed and the plugin counted."""

import struct
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from pathlib import Path

from tinypack.kernel_rows import families
from tinypack.model_file import ModelSpec
from tinypack.model_file.spec import BITS, GoldenSpec

from bench.build import address_of, build
from bench.cores import Core
from toolchain import ToolchainError
from toolchain.qemu import plugin

# Marks of bench.c: two with nothing between, then behind open, bind, before and behind invoke;
# then two per node.
EMPTY, OPEN, BIND, INVOKE, NODES = 0, 1, 2, 4, 6
TIME_LIMIT = 600


@dataclass(frozen=True)
class Run:
    """Instructions of one inference and of its parts, and what it computed."""

    invoke: int
    nodes: tuple[int, ...]
    open: int
    bind: int
    arena_bytes: int
    crcs: tuple[int, ...]
    invoke_crc: int
    profile: Counter[str]


def golden_bytes(model: ModelSpec, golden: GoldenSpec) -> bytes:
    """All inputs of a golden vector, SPEC.md "Golden vectors"."""
    if golden.input:
        return golden.input
    inputs = map(model.tensors.__getitem__, model.inputs)
    state, noise = golden.seed, bytearray()
    for _ in range(sum(prod(tensor.shape) * BITS[tensor.dtype] // 8 for tensor in inputs)):
        state = (1664525 * state + 1013904223) % 2**32
        noise.append(state >> 24)
    return bytes(noise)


def run(core: Core, model: bytes, inputs: bytes, arena_bytes: int, profile: int | None) -> Run:
    """`profile`: the node whose instructions are listed per function."""
    elf = build(core)
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder, "counts")
        mark = address_of(core, elf, "machine_mark")
        arguments = f"{plugin(core.system)},out={counts},mark={mark:x}"
        if profile is not None:
            arguments += f",region={NODES + 2 * profile}"
        job = _job(model, inputs, arena_bytes)
        printed = _emulate_job(core, elf, job, "-plugin", arguments)
        return _read(printed, counts.read_text(), profile is not None)


def run_kernels(
    core: Core, model: bytes, inputs: bytes, arena_bytes: int
) -> tuple[str, tuple[Counter[str], ...]]:
    """The kernel family, and for each node the kernels that ran, arch/trace.h, with their
    multiply-accumulates.
    """
    elf = build(core, "trace", defines=("TIN_TRACE",))
    printed = _emulate_job(core, elf, _job(model, inputs, arena_bytes))
    nodes: list[Counter[str]] = []
    ran: Counter[str] = Counter()
    for kind, *fields in map(str.split, printed.splitlines()):
        if kind == "ran" and fields[1] != "0":
            ran[fields[0]] += int(fields[1])
        elif kind == "crc":
            nodes.append(ran)
        elif kind == "family":
            family = families()[int(fields[0])]
        if kind in ("crc", "invoke_crc"):
            ran = Counter()
    return family, tuple(nodes)


def _emulate_job(core: Core, elf: Path, job: bytes, *options: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "job")
        file.write_bytes(job)
        load = f"loader,file={file},addr={core.job},force-raw=on"
        return emulate(core, elf, "-device", load, *options)


def emulate(core: Core, elf: Path, *options: str) -> str:
    """What the program prints; it must exit with 0."""
    command = [
        *(core.system, "-machine", *core.machine, "-display", "none", "-monitor", "none"),
        *("-serial", "none", "-semihosting-config", "enable=on,target=native"),
        *("-kernel", str(elf), *options),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIME_LIMIT)
    if done.returncode:
        raise ToolchainError(f"{core.name}: {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def _job(model: bytes, inputs: bytes, arena_bytes: int) -> bytes:
    """machine_job_t, model, inputs."""
    header = struct.pack("<4I", len(model), len(inputs), arena_bytes, 0)
    return header + model + bytes(-len(model) % 16) + inputs


def between_marks(counted: str) -> list[int]:
    """Instructions from each mark to the next, from what the plugin wrote."""
    facts = map(str.split, counted.splitlines())
    marks = [int(fields[1]) for kind, *fields in facts if kind == "mark"]
    return [after - before for before, after in pairwise(marks)]


def _read(printed: str, counted: str, profiled: bool) -> Run:
    values: dict[str, list[int]] = {}
    for line in printed.splitlines():
        name, _, value = line.partition(" ")
        if value.isdigit():
            values.setdefault(name, []).append(int(value))
    profile: Counter[str] = Counter()
    for kind, *fields in map(str.split, counted.splitlines()):
        if kind == "block" and profiled:
            profile[fields[3]] += int(fields[1]) * int(fields[2])

    regions = between_marks(counted)

    def between(mark: int) -> int:
        return regions[mark] - regions[EMPTY]

    crcs = tuple(values["crc"])
    return Run(
        invoke=between(INVOKE),
        nodes=tuple(between(NODES + 2 * node) for node in range(len(crcs))),
        open=between(OPEN),
        bind=between(BIND),
        arena_bytes=values["arena"][0],
        crcs=crcs,
        invoke_crc=values["invoke_crc"][0],
        profile=profile,
    )
