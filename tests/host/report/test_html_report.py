"""The page that `tinypack pack --report` writes, and its two pictures."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from tinypack import cli
from tinypack.arena_picture import arena_picture
from tinypack.demo import MODEL, SAMPLES
from tinypack.graph_picture import graph_picture
from tinypack.html_report import html_report
from tinypack.model_file import ModelSpec, read_model
from tinypack.report import cost


class Page(HTMLParser):
    """Cells of all tables, and attributes that could load something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.cells: list[str] = []
        self.loads: list[tuple[str, str | None]] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [a for a in attrs if a[0] in ("src", "href", "srcset", "onload")]
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells and self.lasttag in ("td", "th"):
            self.cells[-1] += data


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> tuple[ModelSpec, Page]:
    folder = tmp_path_factory.mktemp("report")
    file, page = folder / "digits.tinf", folder / "digits.html"
    arguments = ["pack", MODEL, "--calib", SAMPLES, "--board", "pico", "-o", file]
    assert cli.main([str(a) for a in (*arguments, "--report", page, "--json")]) == 0
    return read_model(file.read_bytes()), Page(page.read_text(encoding="utf-8"))


def test_the_page_stands_alone(packed):
    _, page = packed
    assert page.loads == []
    assert "script" not in page.tags and page.tags.count("svg") == 2


def test_it_shows_every_layer_with_its_noise(packed):
    model, page = packed
    first = page.cells.index("operator")
    width = page.cells.index("kernel, xtensa") + 1 - first
    rows = [page.cells[i : i + width] for i in range(first + width, len(page.cells), width)]
    rows = rows[: len(model.nodes)]
    assert [row[0] for row in rows] == [node.op for node in model.nodes]
    assert all(float(row[7]) > 15 for row in rows)
    assert rows[0][8:] == ["plain c", "gemm", "gemm", "gemm", "gemm"]


def test_it_counts_answers_by_class(packed):
    model, page = packed
    size = len(model.labels)
    last = page.cells[-size * (size + 1) :]
    rows = [last[i : i + size + 1] for i in range(0, len(last), size + 1)]
    assert [row[0] for row in rows] == list(model.labels)
    counts = [[int(cell) for cell in row[1:]] for row in rows]
    right = sum(counts[i][i] for i in range(size))
    assert sum(map(sum, counts)) >= 300 and right >= 0.95 * sum(map(sum, counts))


def test_text_of_the_user_is_escaped(packed):
    model = replace(packed[0], metadata={"name": "<script>alert(1)</script>"})
    result = {
        "output": "x.tinf",
        "precision": "int8",
        "warnings": ["a < b & c"],
        "accuracy": None,
        "arena_lower_bound": 1,
    } | dict.fromkeys(("file_bytes", "weight_bytes", "arena_bytes", "params", "macs"), 1)
    total = cost(model, 1)
    page = html_report(result, model, total, [None] * len(model.nodes), None).decode()
    assert "<script>" not in page and "a &lt; b &amp; c" in page


def _blocks(picture: Element) -> list[tuple[str, int, int]]:
    found = []
    for box in picture.iter("rect"):
        label = box.findtext("title") or ""
        match = re.search(r"bytes (\d+) to (\d+)", label)
        assert match, label
        found.append((label, int(match[1]), int(match[2])))
    return found


def test_the_arena_picture_holds_all_tensors_inside_of_the_arena(packed):
    model, _ = packed
    blocks = _blocks(arena_picture(model))
    arena = sum(tensor.data is None for tensor in model.tensors)
    assert len(blocks) == arena + sum(node.scratch >= 0 for node in model.nodes)
    assert max(end for _, _, end in blocks) <= model.arena_bytes


def test_the_graph_picture_has_a_box_for_every_node_and_edges_between(packed):
    model, _ = packed
    picture = graph_picture(model)
    assert len(list(picture.iter("rect"))) == len(model.nodes) + 2
    assert len(list(picture.iter("path"))) >= len(model.nodes) + 1


def test_a_page_that_cannot_be_written_is_a_sentence(tmp_path: Path, capsys):
    arguments = ["pack", MODEL, "-o", tmp_path / "x.tinf", "--report", tmp_path / "no" / "r.html"]
    assert cli.main([str(a) for a in arguments]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_shares_read_as_on_the_screen(packed):
    _, page = packed
    names = [cell for cell in page.cells if cell.startswith(("top1 on", "same answer"))]
    shares = [page.cells[page.cells.index(name) + 1] for name in names]
    assert len(shares) == 3 and all(re.fullmatch(r"\d+\.\d %", share) for share in shares)
