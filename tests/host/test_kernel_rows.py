"""Every kernel has a row, and rows say the same in Python as in C."""

import re

import pytest
from tinypack.kernel_rows import _condition, _included, families, kernel_rows
from tinypack.optable import FAMILIES
from tinypack.resources import native_dir

FORMS = ("form", "form_params")


def header_of(family: str) -> str:
    text = (native_dir() / "arch/arch.h").read_text(encoding="utf-8")
    found = re.search(rf'TIN_FAMILY_{family.upper()}\n#include "(.*)"', text)
    assert found
    return "".join(_included(found[1], set()))


@pytest.mark.parametrize("family", kernel_rows())
def test_what_is_traced_has_a_row(family: str) -> None:
    rows = {row.kernel for row in kernel_rows()[family] if row.block not in FORMS}
    told = set(re.findall(r"^ +TIN_RAN\((.*?),", header_of(family), re.MULTILINE))
    assert {kernel for kernel in told if not kernel.endswith("_plain")} == {
        kernel for kernel in rows if not kernel.endswith("_plain")
    }


@pytest.mark.parametrize("family", kernel_rows())
def test_each_row_is_asked_for(family: str) -> None:
    """But those that hold always, and of inner products, whose loops end by themselves."""
    text = header_of(family)
    for row in kernel_rows()[family]:
        if row.condition != "True" and row.block != "dot":
            assert f"tin_takes_{row.kernel}(" in text, row


def test_families_are_those_of_the_file() -> None:
    assert families()[: len(FAMILIES)] == FAMILIES
    assert set(kernel_rows()) <= set(families())


def test_condition() -> None:
    constants = {"TIN_MOST": 7}
    told = _condition("!a->wide && (b.c->taps <= TIN_MOST\n    || n != 1 << 3)", constants)
    assert told == "not a.wide and (b.c.taps <= 7 or n != 1 << 3)"


@pytest.mark.parametrize(
    "c", ["a / 2 == 1", "a & 1", "!a == b", "a == b == c", "f(a)", "a ? b : c", "(int8_t)a == b"]
)
def test_what_python_reads_otherwise_is_refused(c: str) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        _condition(c, {})
