"""What is generated in a checkout.

From ops.def OPERATORS.md and the operator table of the Python engine, from the headers in arch/
the table of kernels, from the files of the package `tinyinfer` what mip downloads.

`python -m tinypack.ops_doc` writes them; a test fails when they are stale.
"""

import json
import re
import textwrap
from collections.abc import Iterable
from pathlib import Path

from .kernel_rows import families, kernel_rows
from .optable import OPS, Op
from .resources import native_dir

_COMMAND = "python -m tinypack.ops_doc"
_IN = " " * 8


def operators_markdown() -> str:
    """OPERATORS.md: every operator with its inputs, attributes and formulas."""
    lines = [
        "# Operators",
        "",
        f"Made from [ops.def](ops.def) by `{_COMMAND}`; [SPEC.md](SPEC.md) has the arithmetic.",
        "",
        "| operator | code | what it is |",
        "|---|---|---|",
        *(f"| [{op.name}](#{op.name}) | {op.code} | {op.summary} |" for op in OPS.values()),
    ]
    for op in OPS.values():
        lines += ["", *_section(op)]
    return "\n".join(lines) + "\n"


def _section(op: Op) -> list[str]:
    inputs = str(op.inputs_min)
    if op.inputs_max != op.inputs_min:
        inputs += f" to {op.inputs_max}"
    scratch = ", ".join(f"{family} `{formula}`" for family, formula in op.scratch.items())
    lines = [
        f"## {op.name}",
        f"Code {op.code}: {op.summary}.",
        "",
        f"- inputs {inputs}, outputs {op.outputs}",
        f"- rows `{op.rows}`, multiply-accumulates `{op.macs}`",
        f"- output over input: {op.overlap}; scratch bytes: {scratch or '0'}",
    ]
    if op.attrs:
        lines += ["", "| attribute | default | meaning |", "|---|---|---|"]
        lines += [f"| {attr.name} | {attr.default} | {attr.meaning} |" for attr in op.attrs]
    return lines


def engine_table() -> str:
    """device/tinyinfer/engine/optable.py: ops.def is not on the board."""
    formulas = " ".join(f"{op.rows} {op.macs} {op.scratch.get('plain')}" for op in OPS.values())
    helpers = [name for name in ("align", "ceil_div") if re.search(rf"\b{name}\(", formulas)]
    lines = [
        f'"""Generated from ops.def by `{_COMMAND}`: do not edit."""',
        "",
        *([f"from .arithmetic import {', '.join(helpers)}", ""] if helpers else []),
        "# fmt: off",
        "# ruff: noqa: E501",
        "# by code: name, least and most inputs, outputs, attributes, their defaults, rows, macs,",
        "# overlap, scratch",
        "OPS = {",
    ]
    for op in OPS.values():
        overlap = "None" if op.overlap == "none" else f'"{op.overlap}"'
        formula = f"lambda x, k, y, a: {plain}" if (plain := op.scratch.get("plain")) else "None"
        lines += [
            f'    {op.code}: ("{op.name}", {op.inputs_min}, {op.inputs_max}, {op.outputs},',
            _tuple(f'"{attr.name}"' for attr in op.attrs),
            _tuple(str(attr.default) for attr in op.attrs),
            f"        lambda x, k, y, a: {op.rows},",
            f"        lambda x, k, y, a: {op.macs},",
            f"        {overlap}, {formula}),",
        ]
    return "\n".join([*lines, "}"]) + "\n"


def kernel_table() -> str:
    """device/tinyinfer/kernel_table.py: the headers are not on the board."""
    lines = [
        f'"""Generated from native_modules/tinyinfer/arch by `{_COMMAND}`: do not edit."""',
        "",
        "# fmt: off",
        "# ruff: noqa: E501, RUF021",
        "# by number",
        f"FAMILIES = {families()!r}".replace("'", '"'),
    ]
    for family, rows in kernel_rows().items():
        lines += ["", "", f"def {family}():", "    return ("]
        for row in rows:
            lines.append(f'        ("{row.block}", "{row.kernel}",')
            lines.append(f"         lambda {', '.join(row.asks)}: {row.condition}),")
        lines.append("    )")
    lines += ["", "", "# by family: block, kernel, which layers it takes", "ROWS = {"]
    lines += [f'    "{family}": {family},' for family in kernel_rows()]
    lines.append("}")
    return "\n".join(lines) + "\n"


def _tuple(items: Iterable[str]) -> str:
    text = "".join(f"{item}, " for item in items)
    return textwrap.fill(
        f"({text.rstrip()}),", 99, initial_indent=_IN, subsequent_indent=f"{_IN} "
    )


def mip_package(device: Path) -> str:
    """device/package.json: every file of the package, its version kept."""
    files = device.glob("tinyinfer/**/*.py")
    names = sorted(path.relative_to(device).as_posix() for path in files)
    version = json.loads((device / "package.json").read_text(encoding="utf-8"))["version"]
    urls = ",\n".join(f"    {json.dumps([name, name])}" for name in names)
    return (
        f'{{\n  "version": {json.dumps(version)},\n  "deps": [],\n  "urls": [\n{urls}\n  ]\n}}\n'
    )


def generated() -> dict[Path, str]:
    """Every generated file of a checkout and what belongs into it."""
    native = native_dir()
    device = native.parents[1] / "device"
    return {
        native / "OPERATORS.md": operators_markdown(),
        device / "tinyinfer/engine/optable.py": engine_table(),
        device / "tinyinfer/kernel_table.py": kernel_table(),
        device / "package.json": mip_package(device),
    }


if __name__ == "__main__":
    for path, text in generated().items():
        path.write_text(text, encoding="utf-8")
