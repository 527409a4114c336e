"""Reads the TIN_KERNEL rows of native_modules/tinyinfer/arch: which layers each kernel takes."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .resources import native_dir


@dataclass(frozen=True)
class KernelRow:
    """`asks` are the names that `condition`, an expression of Python, decides by."""

    block: str
    kernel: str
    asks: tuple[str, ...]
    condition: str


def families() -> tuple[str, ...]:
    """Kernel families by their numbers in arch/family.h."""
    numbered = re.findall(r"#define TIN_FAMILY_(\w+) \((\d+)\)", _read("arch/family.h"))
    names = {int(number): name.lower() for name, number in numbered}
    return tuple(names[number] for number in range(len(names)))


def kernel_rows() -> dict[str, tuple[KernelRow, ...]]:
    """Rows of each family that has kernels of its own, in the order in which they are compiled."""
    rows = {}
    for family, header in re.findall(
        r'TIN_FAMILY == TIN_FAMILY_(\w+)\n#include "(.*)"', _read("arch/arch.h")
    ):
        text = "".join(_included(header, set()))
        rows[family.lower()] = tuple(_rows(text))
    return rows


def _read(path: str) -> str:
    return (native_dir() / path).read_text(encoding="utf-8")


def _included(path: str, seen: set[str]) -> Iterator[str]:
    """The text of a header, with that of others where it includes them."""
    if path in seen:
        return
    seen.add(path)
    for line in _read(path).splitlines(keepends=True):
        if include := re.match(r'#include "(arch/.*)"', line):
            yield from _included(include[1], seen)
        else:
            yield re.sub(r"//.*", "", line)


def _rows(text: str) -> Iterator[KernelRow]:
    constants = {name: int(value) for name, value in re.findall(r"#define (\w+) \((\d+)\)", text)}
    for names in re.findall(r"enum \{([^}=]*)\}", text):
        constants |= {name.strip(): value for value, name in enumerate(names.split(","))}
    asks = {
        block: tuple(re.findall(r"(\w+)(?:,|$)", parameters))
        for block, parameters in re.findall(r"#define TIN_ASKS_(\w+) (.*)", text)
    }
    for place in re.finditer(r"^TIN_KERNEL\((\w+), (\w+),", text, re.MULTILINE):
        block, kernel = place.groups()
        condition = _condition(_until_closed(text[place.end() :]), constants)
        yield KernelRow(block, kernel, asks[block], condition)


def _until_closed(text: str) -> str:
    depth = 1
    for end, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[:end]
    raise ValueError("arch: a TIN_KERNEL row does not end")


_PYTHON = {"&&": " and ", "||": " or ", "!": "not ", "->": ".", "true": "True"}


def _condition(c: str, constants: dict[str, int]) -> str:
    """An expression of C in Python."""

    def word(found: re.Match[str]) -> str:
        return _PYTHON.get(found[0]) or str(constants.get(found[0], found[0]))

    text = re.sub(r"&&|\|\||!(?!=)|->|\w+", word, " ".join(c.split()))
    tree = ast.parse(text.strip(), mode="eval")
    for node in ast.walk(tree):
        # No operator here binds otherwise in Python than in C, apart from the last two.
        compares_compared = isinstance(node, ast.Compare) and len(node.ops) > 1
        negates_compared = isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Compare)
        if not isinstance(node, _ALLOWED) or compares_compared or negates_compared:
            raise ValueError(f"arch: {ast.unparse(node)} is not allowed in a TIN_KERNEL row")
    return ast.unparse(tree)


_ALLOWED = (
    *(ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.LShift, ast.Compare, ast.cmpop),
    *(ast.Attribute, ast.Name, ast.Constant, ast.Load),
)
