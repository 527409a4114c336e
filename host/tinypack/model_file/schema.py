"""Reads model.fbs, so that no field number is typed twice.

Only what that file uses: enums, tables, scalars, vectors.
"""

import re
from dataclasses import dataclass
from functools import cache

from ..resources import native_dir

# scalar types of FlatBuffers, as numpy names them
SCALARS = {
    "ubyte": "uint8",
    "ushort": "uint16",
    "int": "int32",
    "uint": "uint32",
    "float": "float32",
}


@dataclass(frozen=True)
class Field:
    """`type` is a scalar, an enum, "string" or a table; a `vector` holds many of it."""

    name: str
    type: str
    vector: bool
    default: float
    align: int


@dataclass(frozen=True)
class Schema:
    enums: dict[str, dict[str, int]]
    tables: dict[str, tuple[Field, ...]]
    root: str
    identifier: str

    def scalar(self, type_name: str) -> str | None:
        """Numpy's name of a scalar or enum type, None of all others."""
        return SCALARS.get("ubyte" if type_name in self.enums else type_name)


_FIELD = re.compile(
    r"(?P<name>\w+)\s*:\s*(?P<open>\[)?(?P<type>\w+)\]?"
    r"(?:\s*=\s*(?P<default>[-\w.]+))?(?:\s*\(force_align:\s*(?P<align>\d+)\))?$"
)


def _field(text: str) -> Field:
    match = _FIELD.match(text)
    if match is None:
        raise ValueError(f"model.fbs: cannot read field {text!r}")
    return Field(
        match["name"],
        match["type"],
        match["open"] is not None,
        float(match["default"] or 0),
        int(match["align"] or 0),
    )


def _items(body: str, separator: str) -> list[str]:
    return [item.strip() for item in body.split(separator) if item.strip()]


def parse(text: str) -> Schema:
    text = re.sub(r"//[^\n]*", "", text)
    enums = {}
    for name, base, body in re.findall(r"enum (\w+)\s*:\s*(\w+)\s*{([^}]*)}", text):
        if base != "ubyte":
            raise ValueError(f"model.fbs: enum {name} is not of ubyte")
        pairs = [_items(item, "=") for item in _items(body, ",")]
        enums[name] = {key: int(value) for key, value in pairs}
    tables = {
        name: tuple(_field(item) for item in _items(body, ";"))
        for name, body in re.findall(r"table (\w+)\s*{([^}]*)}", text)
    }
    root = re.search(r"root_type (\w+);", text)
    identifier = re.search(r'file_identifier "(\w{4})";', text)
    if root is None or identifier is None:
        raise ValueError("model.fbs: root_type or file_identifier is missing")
    return Schema(enums, tables, root[1], identifier[1])


@cache
def load_schema() -> Schema:
    return parse((native_dir() / "model.fbs").read_text(encoding="utf-8"))
