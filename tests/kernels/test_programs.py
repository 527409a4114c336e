"""C test programs under address and undefined-behaviour sanitizers."""

from pathlib import Path

import pytest

from tests.kernels.programs import build, engine_sources, run

HERE = Path(__file__).parent
# What each is linked with; the others include the source whose insides they test.
LINKED = {"blocks": engine_sources}
NAMES = ("arithmetic", "blocks", "float_bits", "linear_add", "pacing", "softmax")


@pytest.mark.parametrize("name", NAMES)
def test_program(name: str, tmp_path: Path) -> None:
    linked = LINKED[name]() if name in LINKED else []
    program = build([HERE / f"{name}.c", *linked], tmp_path / name)
    assert run(program).startswith(f"{name}: ")


def test_generic_blocks(tmp_path: Path) -> None:
    """Those that this machine has better ones for, too."""
    sources = [HERE / "blocks.c", *engine_sources()]
    program = build(sources, tmp_path / "blocks", "-U__SSE2__")
    assert run(program).startswith("blocks: ")
