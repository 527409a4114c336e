"""boards/: every folder with a board.json is a board; nothing else lists them."""

import pytest
from tinypack.boards import find, load_boards
from tinypack.errors import PackError
from tinypack.optable import FAMILIES
from tinypack.resources import boards_dir

from tests.targets import known_targets
from toolchain.natmod import COMPILERS

BOARDS = load_boards()
EVERY_BOARD = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)


@EVERY_BOARD
def test_folder_is_named_by_the_id(board):
    assert (boards_dir() / board.id / "board.json").is_file()


def test_names_are_unique():
    names = [name.casefold() for board in BOARDS for name in (board.id, *board.aliases)]
    assert len(names) == len(set(names))


@EVERY_BOARD
def test_figures_have_sources(board):
    for figure in ("clock_hz", "ram_bytes", "flash_bytes", "romfs_bytes"):
        if board.emulator is None or figure in ("ram_bytes", "flash_bytes"):
            assert getattr(board, figure) is None or board.sources.get(figure), figure


@EVERY_BOARD
def test_words_are_known(board):
    assert board.core in FAMILIES
    assert set(board.runtimes) <= {"micropython", "circuitpython"}
    assert set(board.backends) <= {"usermod", "natmod", "python"}
    assert ("natmod" in board.backends) == bool(board.natmods)
    assert set(board.natmods) <= set(COMPILERS)


@EVERY_BOARD
def test_emulated_boards_are_targets(board):
    targets = [name for name in known_targets() if name.startswith(f"{board.id}-")]
    assert bool(targets) == (board.emulator is not None)


@EVERY_BOARD
def test_found_by_each_name(board):
    for name in (board.id, *board.aliases):
        assert find(name.lower()) is find(name.upper()) is board


def test_unknown_board_names_the_choices():
    with pytest.raises(PackError, match=r"'picco' is not known; choose one of .*pico/RPI_PICO"):
        find("picco")
