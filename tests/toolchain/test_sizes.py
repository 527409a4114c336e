"""Native modules stay within tests/sizes.toml."""

import pytest

from toolchain import CHECKOUT
from toolchain.firmware import emulated_boards
from toolchain.natmod import natmod
from toolchain.versions import tomllib

BUDGETS = tomllib.loads((CHECKOUT / "tests/sizes.toml").read_text(encoding="utf-8"))["natmod"]


def test_every_native_module_has_a_budget():
    assert set(BUDGETS) == {a for board in emulated_boards().values() for a in board["natmods"]}


@pytest.mark.parametrize("arch", BUDGETS)
def test_native_module(arch):
    size = natmod(arch).stat().st_size
    print(f"{arch}: {size} of {BUDGETS[arch]} bytes")
    assert size <= BUDGETS[arch]
