"""blocks.c on every emulated core: its own blocks against plain loops."""

import pytest

from bench.build import build
from bench.cores import Core, load_cores
from bench.run import emulate


@pytest.mark.parametrize("core", load_cores().values(), ids=lambda core: core.name)
def test_blocks(core: Core) -> None:
    elf = build(core, "blocks", ("tests/kernels/blocks.c", "tests/kernels/bare.c"))
    assert emulate(core, elf).startswith("blocks: ")
