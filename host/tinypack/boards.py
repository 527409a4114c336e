"""Reads boards/*/board.json: what each board, real or emulated, has room for and can run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from tinypack.errors import PackError
from tinypack.resources import boards_dir


@dataclass(frozen=True)
class Board:
    id: str  # as upstream: BOARD or BOARD-VARIANT
    name: str
    aliases: tuple[str, ...]
    core: str  # kernel family: plain, m0p, dsp, rv32, xtensa, mve
    cpu: str
    natmods: tuple[str, ...]  # architectures of native modules it loads, the best first
    clock_hz: int | None  # None: the emulator has no such thing
    ram_bytes: int  # what a model may take in one piece after boot
    flash_bytes: int | None  # of the file system; None: the PC's own
    romfs_bytes: int
    runtimes: tuple[str, ...]  # micropython, circuitpython
    backends: tuple[str, ...]  # usermod, natmod, python
    witness: str  # what has been run on it
    sources: Mapping[str, str]  # where a figure comes from
    cycles_per_instruction: float | None = None  # of kernels; None: nothing is published
    emulator: Mapping[str, Any] | None = None

    @property
    def natmod(self) -> str | None:
        """Architecture of the native module to install."""
        return self.natmods[0] if self.natmods else None


@cache
def load_boards() -> tuple[Board, ...]:
    """All boards, real ones first, then by id."""
    boards = []
    names = {field.name for field in fields(Board)}
    for path in boards_dir().glob("*/board.json"):
        facts = json.loads(path.read_text(encoding="utf-8"))
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in facts.items()
            if name in names
        }
        boards.append(Board(**known))
    return tuple(sorted(boards, key=lambda board: (board.emulator is not None, board.id)))


def find(name: str) -> Board:
    """The board with this id or alias, in any case of letters."""
    for board in load_boards():
        if name.casefold() in {label.casefold() for label in (board.id, *board.aliases)}:
            return board
    choices = ", ".join("/".join((*board.aliases, board.id)) for board in load_boards())
    raise PackError(f"board {name!r} is not known; choose one of {choices}")
