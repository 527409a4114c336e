"""Parses ops.def into Op and Attr records, and evaluates its formulas."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace

from .resources import native_dir

# Kernel families of model.fbs; a family without a SCRATCH row needs what plain needs.
FAMILIES = ("plain", "m0p", "dsp", "rv32", "xtensa", "mve")


@dataclass(frozen=True)
class Attr:
    name: str
    default: int
    meaning: str


@dataclass(frozen=True)
class Op:
    name: str
    code: int
    inputs_min: int
    inputs_max: int
    outputs: int
    summary: str
    attrs: tuple[Attr, ...] = ()
    rows: str = "1"
    macs: str = "0"
    overlap: str = "none"
    scratch: Mapping[str, str] = field(default_factory=dict)
    core: bool = False

    def scratch_formula(self, family: str) -> str:
        return self.scratch.get(family, self.scratch.get("plain", "0"))


def parse(text: str) -> dict[str, Op]:
    """Rows of ops.def by operator name."""
    text = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    rows: dict[str, Op] = {}
    for kind, body in re.findall(r"^\s*([A-Z]+)\((.*)\)\s*$", text, flags=re.MULTILINE):
        name, _, rest = (part.strip() for part in body.partition(","))
        if kind == "OP":
            code, least, most, outputs, summary = (s.strip() for s in rest.split(",", 4))
            rows[name] = Op(
                name, int(code), int(least), int(most), int(outputs), summary.strip('"')
            )
        elif kind != "END":
            rows[name] = _extended(rows[name], kind, rest)
    return rows


def _extended(op: Op, kind: str, rest: str) -> Op:
    values = dict(vars(op))
    if kind == "ATTR":
        name, default, meaning = (part.strip() for part in rest.split(",", 2))
        values["attrs"] = (*op.attrs, Attr(name, int(default), meaning.strip('"')))
    elif kind == "SCRATCH":
        family, formula = (part.strip() for part in rest.split(",", 1))
        values["scratch"] = {**op.scratch, family: formula}
    elif kind == "CORE":
        values["core"] = True
    elif kind in ("ROWS", "MACS", "OVERLAP"):
        values[kind.lower()] = rest
    else:
        raise ValueError(f"ops.def: unknown row {kind}")
    return Op(**values)


def evaluate(formula: str, names: Mapping[str, object]) -> int:
    """Value of a formula of ops.def; `names` holds x, k, y and a, records as its header says."""
    return int(_value(_tree(formula), names))


@cache
def _tree(formula: str) -> ast.expr:
    return ast.parse(formula, mode="eval").body


_BINARY = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
_COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_CALLS: dict[str, Callable[..., int]] = {
    "max": max,
    "min": min,
    "align": lambda value, to: -(-value // to) * to,
    "ceil_div": lambda value, by: -(-value // by),
}


def _value(node: ast.expr, names: Mapping[str, object]) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return int(_BINARY[type(op)](_value(left, names), _value(right, names)))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return int(_COMPARE[type(op)](_value(left, names), _value(right, names)))
        case ast.Call(func=ast.Name(id=name), args=args) if name in _CALLS:
            return int(_CALLS[name](*(_value(arg, names) for arg in args)))
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in names:
            return int(getattr(names[name], attr))
    raise ValueError(f"ops.def: {ast.unparse(node)} is not allowed in a formula")


def nhwc(shape: tuple[int, ...], bits: int) -> SimpleNamespace:
    """What a formula sees of a tensor: last three sizes h, w, c; the product of the others n."""
    n = 1
    for size in shape[:-3]:
        n *= size
    h, w, c = (1, 1, 1, *shape)[-3:] if len(shape) < 3 else shape[-3:]
    return SimpleNamespace(n=n, h=h, w=w, c=c, bits=bits)


OPS = parse((native_dir() / "ops.def").read_text(encoding="utf-8"))
BY_CODE = {op.code: op for op in OPS.values()}
