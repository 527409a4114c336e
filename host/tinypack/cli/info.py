"""tinypack info: what is in a model file."""

from pathlib import Path
from typing import Any

import click

from ..wording import count, percent
from ._output import (
    check_writable,
    json_option,
    print_json,
    print_line,
    print_table,
    read_file,
    shape,
    write_files,
)


@click.command("info", short_help="Show what is in a model file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--arena",
    type=click.Path(path_type=Path),
    help="Also draw what lies where in memory while each node runs: arena.svg",
)
@json_option
def command(file: Path, arena: Path | None, as_json: bool) -> None:
    """Shows what is in FILE (.tinf): sizes, memory, operators, inputs, outputs, labels."""
    from ..model_file import read_model
    from ..report import info

    check_writable(arena)
    data = read_file(file)
    model = read_model(data)
    result = info(model, len(data))
    if arena:
        from xml.etree.ElementTree import tostring

        from ..arena_picture import arena_picture

        write_files({arena: tostring(arena_picture(model))})
    if as_json:
        print_json(result)
        return
    print_info(file, result)


def print_info(file: Path, result: dict[str, Any]) -> None:
    print_table(
        str(file),
        ("", "bytes"),
        [
            ("file", result["file_bytes"]),
            ("of it weights", result["weight_bytes"]),
            ("and biases, multipliers, tables", result["constant_bytes"] - result["weight_bytes"]),
            ("arena", result["arena_bytes"]),
        ],
    )
    parameters, macs = count(result["params"]), count(result["macs"])
    print_line(f"{parameters} parameters, {macs} multiply-accumulates")
    for kind in ("inputs", "outputs"):
        for tensor in result[kind]:
            print_line(
                f"{kind[:-1]} {tensor['name']}: {shape(tensor['shape'])} {tensor['dtype']},"
                f" scale {tensor['scale']:.6g}, zero point {tensor['zero_point']}"
            )
    if result["labels"]:
        print_line(f"labels: {', '.join(result['labels'])}")
    for key, value in result["metadata"].items():
        shown = value
        if isinstance(value, dict):
            shown = ", ".join(f"{name} {part}" for name, part in value.items())
        print_line(f"{key}: {shown}")
    print_table(
        "operators",
        ("name", "operator", "output", "weights", "MACs", "bytes", "live bytes"),
        [
            (
                node["name"],
                node["op"],
                shape(node["shape"]),
                node["weights"],
                node["macs"],
                node["weight_bytes"],
                node["live_bytes"],
            )
            for node in result["operators"]
        ],
        left=4,
    )
    families = list(result["fast_macs"])
    print_table(
        "kernels, by the core of the board (tinypack boards)",
        ("name", "operator", *families),
        [
            *(
                (node["name"], node["op"], *(node["kernels"][family] for family in families))
                for node in result["operators"]
            ),
            (
                "MACs not in plain c",
                "",
                *(percent(_part(result, family)) for family in families),
            ),
        ],
        left=2 + len(families),
    )


def _part(result: dict[str, Any], family: str) -> float:
    return float(result["fast_macs"][family] / max(result["macs"], 1))
