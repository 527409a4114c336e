"""The counts of `make conformance` may only rise."""

from collections import Counter
from pathlib import Path

import pytest
import tomllib

from . import report

EXPECTED = tomllib.loads((Path(__file__).parent / "expected.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("op", report.OPERATORS)
def test_operator(op, tmp_path):
    found = list(report.results(op, tmp_path))
    counts = Counter(result.status for result in found)
    assert not [r for r in found if r.status == "failed" and r.name not in EXPECTED["fails"]]
    assert all("\n" not in r.detail for r in found)
    assert counts["runs"] >= EXPECTED["runs"].get(op, 0)
