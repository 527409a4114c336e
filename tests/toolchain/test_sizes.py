"""Native modules stay within tests/sizes.toml."""

import pytest

from toolchain import CHECKOUT
from toolchain.firmware import all_boards
from toolchain.natmod import natmod
from toolchain.versions import tomllib

BUDGETS = tomllib.loads((CHECKOUT / "tests/sizes.toml").read_text(encoding="utf-8"))
GROUPS = {"natmod": "all", "core": "core"}


@pytest.mark.parametrize("table", GROUPS)
def test_every_native_module_has_a_budget(table):
    archs = {arch for board in all_boards().values() for arch in board["natmods"]}
    assert set(BUDGETS[table]) == archs


@pytest.mark.parametrize(
    ("table", "arch"), [(table, arch) for table in GROUPS for arch in BUDGETS[table]]
)
def test_native_module(table, arch):
    size = natmod(arch, GROUPS[table]).stat().st_size
    print(f"{arch}, {table}: {size} of {BUDGETS[table][arch]} bytes")
    assert size <= BUDGETS[table][arch]
