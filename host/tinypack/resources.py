"""Where the files are that tinypack shares with the C engine and the boards.

A wheel carries them inside the package; a checkout has them beside host/.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def _find(packed: str, in_checkout: str) -> Path:
    inside = _PACKAGE / packed
    return inside if inside.is_dir() else _CHECKOUT / in_checkout


def native_dir() -> Path:
    """Folder of ops.def, model.fbs and the C sources."""
    return _find("_native", "native_modules/tinyinfer")


def boards_dir() -> Path:
    """Folder with one folder per board."""
    return _find("_boards", "boards")
