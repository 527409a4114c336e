"""Whether a model file fits a board, and if not, why."""

from dataclasses import asdict, dataclass
from typing import Any

from .boards import Board
from .model_file import ModelSpec


@dataclass(frozen=True)
class Fit:
    """`ram_bytes`: arena, and the file where the board cannot read it in place."""

    id: str
    fits: bool
    reason: str
    ram_bytes: int
    ram_free: int

    def record(self) -> dict[str, Any]:
        return asdict(self)


def fit(board: Board, model: ModelSpec, file_bytes: int) -> Fit:
    arena = model.families.get(board.core, model.arena_bytes)
    in_place = (board.romfs_bytes or 0) >= file_bytes
    ram = arena + (0 if in_place else file_bytes)
    reason = ""
    if ram > board.ram_bytes:
        file = "" if in_place else f" with the file of {file_bytes}, which it cannot read in place"
        reason = f"it needs {ram} bytes of RAM{file} and {board.ram_bytes} are free"
    return Fit(board.id, not reason, reason, ram, board.ram_bytes)
