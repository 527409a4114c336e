"""Whether a model file fits a board, and if not, why."""

from dataclasses import asdict, dataclass
from typing import Any

from .boards import Board
from .estimate import milliseconds, native_module_bytes
from .model_file import ModelSpec


@dataclass(frozen=True)
class Fit:
    """`ram_bytes`: arena, native module, and the file where the board cannot read it in place.

    A firmware with the engine built in has the module in flash. A module that was not measured is
    None and not counted; `milliseconds_estimate` is None without a measurement.
    """

    id: str
    fits: bool
    reason: str
    ram_bytes: int
    ram_free: int
    arena_bytes: int
    native_module_bytes: int | None
    file_in_place: bool
    flash_bytes: int
    flash_free: int | None
    milliseconds_estimate: float | None

    def record(self) -> dict[str, Any]:
        return asdict(self)


def fit(board: Board, model: ModelSpec, file_bytes: int) -> Fit:
    arena = model.families.get(board.core, model.arena_bytes)
    in_place = (board.romfs_bytes or 0) >= file_bytes
    module = native_module_bytes(board)
    ram = arena + (module or 0) + (0 if in_place else file_bytes)
    flash = board.romfs_bytes if in_place else board.flash_bytes
    reason = ""
    if ram > board.ram_bytes:
        file = "" if in_place else f", the file of {file_bytes} that it cannot read in place"
        parts = f" (arena {arena}, native module {module or 'not counted'}{file})"
        reason = f"it needs {ram} bytes of RAM{parts} and {board.ram_bytes} are free"
    elif flash is not None and not in_place and file_bytes > flash:
        reason = f"the file has {file_bytes} bytes and its file system {flash}"
    return Fit(
        id=board.id,
        fits=not reason,
        reason=reason,
        ram_bytes=ram,
        ram_free=board.ram_bytes,
        arena_bytes=arena,
        native_module_bytes=module,
        file_in_place=in_place,
        flash_bytes=file_bytes,
        flash_free=flash,
        milliseconds_estimate=milliseconds(board, model),
    )
