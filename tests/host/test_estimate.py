"""Estimates of milliseconds: near what was counted, and none where nothing was measured."""

from dataclasses import replace

import pytest
from tinypack.boards import find, load_boards
from tinypack.estimate import milliseconds, native_module_bytes, speed

from tests.host.plan import graphs
from toolchain import CHECKOUT
from toolchain.versions import tomllib

# Executed instructions of one inference, tests/budgets.toml.
COUNTED = tomllib.loads((CHECKOUT / "tests/budgets.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["kws", "ic", "vww"])
@pytest.mark.parametrize(
    ("core", "arch"),
    [
        ("m0p", "armv6m"),
        ("m3", "armv7m"),
        ("m4", "armv7emsp"),
        ("rv32", "rv32imc"),
        ("xtensa", "xtensawin"),
    ],
)
def test_near_the_counted_instructions(core, arch, name):
    model = getattr(graphs, name)()
    board = replace(find("pico"), natmods=(arch,), clock_hz=1000, cycles_per_instruction=1.0)
    assert milliseconds(board, model) == pytest.approx(COUNTED[core][name]["int8"], rel=0.2)


def test_none_without_a_measurement():
    model = graphs.kws()
    pico = find("pico")
    assert milliseconds(pico, model) > 0
    assert milliseconds(replace(pico, clock_hz=None), model) is None
    assert milliseconds(replace(pico, cycles_per_instruction=None), model) is None
    assert milliseconds(replace(pico, natmods=()), model) is None
    wide = tuple(replace(t, dtype="s16") if t.data is None else t for t in model.tensors)
    assert milliseconds(pico, replace(model, tensors=wide)) is None


def test_published_cycles_have_a_source():
    for board in load_boards():
        assert (board.cycles_per_instruction is None) == (
            "cycles_per_instruction" not in board.sources
        )


def test_names_are_known():
    sizes = tomllib.loads((CHECKOUT / "tests/sizes.toml").read_text(encoding="utf-8"))["natmod"]
    assert set(speed()["native_modules"]) == set(sizes)
    assert set(speed()["instructions"]) < set(sizes)
    assert native_module_bytes(find("pico")) > 0
