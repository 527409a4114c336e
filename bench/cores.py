"""The cores: every board.json with a "bench" entry is one."""

from dataclasses import dataclass

from toolchain.firmware import all_boards


@dataclass(frozen=True)
class Core:
    """Compiler, emulator and memory map of one bare machine."""

    name: str
    tool: str  # of toolchain/packages.py
    compiler: str
    cflags: tuple[str, ...]
    start: str  # source in bench/machine
    system: str
    machine: tuple[str, ...]
    code: str  # addresses
    ram: str
    job: str


def load_cores() -> dict[str, Core]:
    cores = {}
    for board in all_boards().values():
        if "bench" in board:
            facts = dict(board["bench"])
            for key in ("cflags", "machine"):
                facts[key] = tuple(facts[key].split())
            core = Core(**facts)
            cores[core.name] = core
    return cores
