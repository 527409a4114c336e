"""Whether a model fits a board."""

from dataclasses import replace

from tinypack.boards import find
from tinypack.fit import fit
from tinypack.model_file import ModelSpec

MODEL = ModelSpec((), (), (), (), 900, families={"plain": 500, "m0p": 900})
BOARD = replace(find("pico"), core="m0p", natmods=(), ram_bytes=1000, romfs_bytes=0)


def test_a_file_that_cannot_stay_in_flash_takes_ram():
    assert fit(BOARD, MODEL, 100).fits
    verdict = fit(BOARD, MODEL, 101)
    assert not verdict.fits and verdict.ram_bytes == 1001
    assert "1001 bytes of RAM" in verdict.reason and "1000 are free" in verdict.reason


def test_a_file_in_romfs_takes_none():
    verdict = fit(replace(BOARD, romfs_bytes=5000), MODEL, 5000)
    assert verdict.fits and verdict.ram_bytes == 900


def test_the_arena_is_that_of_the_boards_kernels():
    assert fit(replace(BOARD, core="plain"), MODEL, 0).ram_bytes == 500
    assert fit(replace(BOARD, core="other"), MODEL, 0).ram_bytes == 900


def test_the_native_module_takes_ram():
    board = replace(BOARD, natmods=("armv6m",))
    verdict = fit(board, MODEL, 0)
    assert verdict.native_module_bytes == verdict.ram_bytes - 900 > 20_000
    assert f"native module {verdict.native_module_bytes}" in verdict.reason


def test_a_file_that_the_file_system_cannot_hold():
    verdict = fit(replace(BOARD, ram_bytes=9000, flash_bytes=2000), MODEL, 2001)
    assert not verdict.fits and "2001" in verdict.reason and "2000" in verdict.reason


def test_a_module_that_nobody_measured_is_not_called_free():
    verdict = fit(replace(BOARD, natmods=("xtensawin-unknown",)), MODEL, 101)
    assert verdict.native_module_bytes is None and "not counted" in verdict.reason
