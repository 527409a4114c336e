"""A report of one packed model as a single page: no script, nothing loaded from elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from .arena_picture import arena_picture
from .graph_picture import graph_picture
from .model_file import ModelSpec
from .report import Cost
from .wording import count, percent, score

_STYLE = """
body { font-family: sans-serif; margin: 2em auto; max-width: 70em; color: #222; }
table { border-collapse: collapse; margin: 0.5em 0 1.5em; }
th, td { padding: 0.2em 0.7em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child, .words td { text-align: left; }
caption { text-align: left; font-weight: bold; padding: 0.3em 0; }
.warning { background: #fff3cd; padding: 0.5em 1em; }
.scroll { overflow-x: auto; }
"""


def html_report(
    result: Mapping[str, Any],
    model: ModelSpec,
    total: Cost,
    noise: Sequence[float | None],
    confusion: Sequence[Sequence[int]] | None,
) -> bytes:
    """`result` is what `tinypack pack --json` prints; `noise` is dB per node, signal over error;
    `confusion` counts samples by class (row) and answer (column)."""
    page = Element("html", lang="en")
    head = SubElement(page, "head")
    SubElement(head, "meta", charset="utf-8")
    name = str(model.metadata.get("name", result["output"]))
    SubElement(head, "title").text = f"{name}: packed by tinypack"
    SubElement(head, "style").text = _STYLE
    body = SubElement(page, "body")
    SubElement(body, "h1").text = name
    for warning in result["warnings"]:
        SubElement(body, "p", {"class": "warning"}).text = warning
    _table(body, "Summary", ("", ""), _summary(result, model, total))
    if boards := result.get("boards"):
        rows = [
            (b["id"], "fits" if b["fits"] else b["reason"], b["ram_bytes"], b["ram_free"])
            for b in boards
        ]
        _table(body, "Boards", ("board", "", "bytes of RAM needed", "free"), rows)
    _layers(body, model, total, noise)
    SubElement(body, "h2").text = "Memory over time"
    SubElement(SubElement(body, "div", {"class": "scroll"}), "p").append(arena_picture(model))
    if confusion is not None:
        _confusion(body, model, confusion)
    SubElement(body, "h2").text = "Graph"
    body.append(graph_picture(model))
    text: str = tostring(page, encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{text}\n".encode()


def _summary(result: Mapping[str, Any], model: ModelSpec, total: Cost) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        ("file", result["output"]),
        ("precision", result["precision"]),
        ("file, bytes of flash", result["file_bytes"]),
        ("of it weights, bytes", result["weight_bytes"]),
        ("arena, bytes of RAM", result["arena_bytes"]),
        ("no order of layers needs less than", result["arena_lower_bound"]),
        ("parameters", result["params"]),
        ("multiply-accumulates", result["macs"]),
        *(
            (f"of them not in plain c, {family}", percent(macs / max(total.macs, 1)))
            for family, macs in total.fast_macs.items()
        ),
    ]
    if accuracy := result["accuracy"]:
        where = f"on {accuracy['samples']} {accuracy['set']} samples"
        if accuracy["metric"]:
            for kind in ("float", "packed"):
                if (value := accuracy[kind]) is not None:
                    shown = score(accuracy["metric"], value)
                    rows.append((f"{accuracy['metric']} {where}, {kind}", shown))
        if (share := accuracy["agreement"]) is not None:
            rows.append((f"same answer as the float model {where}", percent(share)))
        if (share := accuracy["error"]) is not None:
            rows.append((f"error {where}, of the float model's variance", percent(share)))
    rows += [(key, model.metadata[key]) for key in ("tool", "licence") if key in model.metadata]
    return rows


def _layers(body: Element, model: ModelSpec, total: Cost, noise: Sequence[float | None]) -> None:
    headers = (
        "operator",
        "name",
        "output",
        "weights",
        "multiply-accumulates",
        "bytes of weights",
        "bytes alive",
        "signal to noise, dB",
        *(f"kernel, {family}" for family in total.fast_macs),
    )
    rows = [
        (
            node.op,
            node.name,
            "x".join(map(str, node.shape)),
            node.weights,
            node.macs,
            node.weight_bytes,
            node.live_bytes,
            "" if decibels is None else f"{decibels:.1f}",
            *node.kernels.values(),
        )
        for node, decibels in zip(total.nodes, noise, strict=True)
    ]
    _table(SubElement(body, "div", {"class": "scroll"}), "Layers", headers, rows)


def _confusion(body: Element, model: ModelSpec, counts: Sequence[Sequence[int]]) -> None:
    labels = list(model.labels) or [str(i) for i in range(len(counts))]
    rows = [(label, *row) for label, row in zip(labels, counts, strict=True)]
    _table(body, "Answers (columns) by class (rows)", ("", *labels), rows)


def _table(
    parent: Element, caption: str, headers: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    table = SubElement(parent, "table")
    SubElement(table, "caption").text = caption
    if any(headers):
        line = SubElement(table, "tr")
        for header in headers:
            SubElement(line, "th").text = header
    for row in rows:
        line = SubElement(table, "tr")
        for cell in row:
            SubElement(line, "td").text = _text(cell)


def _text(cell: object) -> str:
    if isinstance(cell, int):
        return count(cell)
    if isinstance(cell, float):
        return f"{cell:.4f}"
    return "" if cell is None else str(cell)
