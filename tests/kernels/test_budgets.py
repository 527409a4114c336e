"""No core needs more instructions for a network than tests/budgets.toml grants, plus 1%."""

import pytest

from bench import models, report
from bench.__main__ import measure
from bench.cores import load_cores
from toolchain import ToolchainError

CORES = load_cores()


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
