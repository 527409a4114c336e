"""No core needs more instructions for a network than tests/budgets.toml grants, plus 1%."""

import pytest
from tinypack.model_file import read_model

from bench import models, report
from bench.__main__ import measure
from bench.cores import load_cores
from bench.run import golden_bytes, run
from toolchain import ToolchainError

CORES = load_cores()
# Of an operator's instructions, Xtensa to RV32.
NEAR = 1.3


@pytest.mark.parametrize("core", CORES)
def test_instructions(core: str) -> None:
    """Of operators, seeded networks and the trained ones where TINYINFER_MODELS has them."""
    results: report.Results = {core: {}}
    for name in models.available():
        for precision in models.precisions(name):
            try:
                figures, _ = measure(CORES[core], models.packed(name, precision), None)
            except ToolchainError as error:
                pytest.fail(str(error))
            results[core].setdefault(name, {})[precision] = figures
    assert not report.over_budget(results)


@pytest.mark.parametrize("name", [*models.SEEDED, *models.BLOCKS])
def test_xtensa_is_near_rv32(name: str) -> None:
    """In every operator of a network, not only in the sum of those that it does better."""
    # Those of s16 take a minute.
    for precision in [p for p in models.precisions(name) if p in models.PRECISIONS]:
        data = models.packed(name, precision).read_bytes()
        model = read_model(data)
        inputs = golden_bytes(model, model.golden[-1])
        ours, theirs = (
            run(CORES[core], data, inputs, model.arena_bytes, None).nodes
            for core in ("xtensa", "rv32")
        )
        far = {
            f"{index} {node.op}": f"{count:,}, RV32: {other:,}"
            for index, (node, count, other) in enumerate(
                zip(model.nodes, ours, theirs, strict=True)
            )
            if count > NEAR * other
        }
        assert not far, f"{name} {precision}"
