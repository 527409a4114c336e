"""What commands share: JSON, tables, progress, files that appear whole or not at all."""

import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import wrap
from typing import Any

import click

from ..errors import PackError
from ..wording import count

input_shape_option = click.option(
    "--input-shape",
    "input_shapes",
    multiple=True,
    metavar="NAME:1,3,32,32",
    help="Size of an input that the model leaves open.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")

_PIPE_WIDTH = 140  # of tables that do not go to a terminal
_WORD_WIDTH = 8  # the least that words are broken to
_BETWEEN = 3  # columns
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}\b)")  # the spaces of count()

# (what, done, total)
Progress = Callable[[str, int, int], None]


def input_shape(text: str) -> tuple[str, list[int]]:
    """Name and sizes of one --input-shape."""
    name, colon, sizes = text.rpartition(":")
    try:
        if colon:
            return name, [int(size) for size in sizes.split(",")]
    except ValueError:
        pass
    raise PackError(f"--input-shape {text}: write NAME:1,3,32,32")


def print_json(result: Mapping[str, Any]) -> None:
    # What cannot be encoded would be no JSON.
    plain = (sys.stdout.encoding or "utf-8").lower() != "utf-8"
    click.echo(json.dumps(result, ensure_ascii=plain, indent=2))


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], left: int = 1
) -> None:
    """The first `left` columns are words, which may go on in the next line, the others numbers.
    On a terminal too narrow for those the rows stand one below the other."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    cells = [[count(c) if isinstance(c, int) else str(c) for c in row] for row in rows]
    console = Console(width=_width())
    if _least_width(columns, cells, left) > console.width:
        _print_listed(title, columns, cells)
        return

    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_header=any(columns),
    )
    for i, column in enumerate(columns):
        table.add_column(
            column,
            justify="left" if i < left else "right",
            overflow="fold",
            no_wrap=i >= left,
            min_width=None if i < left else max(len(row[i]) for row in [columns, *cells]),
        )
    for row in cells:
        table.add_row(*row)
    console.print(table)


def _least_width(columns: Sequence[str], cells: Sequence[Sequence[str]], left: int) -> int:
    """Numbers need all of theirs, words some letters to a line."""
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    words = sum(min(width, _WORD_WIDTH) for width in widths[:left])
    return words + sum(widths[left:]) + _BETWEEN * len(widths)


def _print_listed(title: str, columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    print_line(title)
    for first, *others in cells:
        named = zip(columns[1:], others, strict=True)
        parts = ", ".join(f"{column} {cell}".strip() for column, cell in named if cell)
        print_line(f"  {first.strip()}: {parts}")


def print_line(text: str) -> None:
    """On a terminal wrapped between words, so that no number is torn."""
    if sys.stdout.isatty():
        whole = _THOUSANDS.sub("\xa0", text)
        lines = wrap(whole, _width(), subsequent_indent="    ", break_long_words=False)
        text = "\n".join(lines).replace("\xa0", " ")
    click.echo(text)


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _PIPE_WIDTH


def shape(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes)) or "scalar"


def verdict(board: Mapping[str, Any]) -> str:
    """Of a board's record from fit.py."""
    return "fits" if board["fits"] else f"does not fit because {board['reason']}"


def board_figures(board: Mapping[str, Any]) -> str:
    """RAM, flash and time of a board's record from fit.py."""
    parts = [f"arena {count(board['arena_bytes'])}"]
    module = board["native_module_bytes"]
    if module is None:
        parts.append("native module not measured, not counted")
    elif module:
        parts.append(f"native module {count(module)}")
    if not board["file_in_place"]:
        parts.append(f"file {count(board['flash_bytes'])}")
    text = f"; RAM {count(board['ram_bytes'])} of {count(board['ram_free'])}: {', '.join(parts)}"
    if board["flash_free"] is not None:
        text += f"; flash {count(board['flash_bytes'])} of {count(board['flash_free'])}"
    if (time := board["milliseconds_estimate"]) is not None:
        text += f"; {time:.3g} ms (estimate)"
    return text


@contextmanager
def progress(quiet: bool) -> Iterator[Progress]:
    """Shows work that takes long, on a terminal's standard error only."""
    if quiet or not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def update(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield update


def check_writable(*paths: Path | None) -> None:
    """Says before long work what would be said behind it."""
    for path in filter(None, paths):
        if path.is_dir():
            raise _not_written(path, "it is a folder", "give the name of a file")
        if not path.parent.is_dir():
            raise _not_written(path, f"there is no folder {path.parent}", "make it first")
        if not os.access(path.parent, os.W_OK):
            raise _not_written(path, f"{path.parent} is read-only", "choose another place")


def make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(path, error.strerror or str(error), "choose another place") from error


def write_files(files: Mapping[Path, bytes]) -> None:
    """All or none, each under a temporary name first: a reader sees the old file or the new one,
    never a part."""
    written: dict[Path, Path] = {}
    path = Path()
    # mkstemp keeps others out; the file is to be as any other that the user makes.
    mask = os.umask(0)
    os.umask(mask)
    try:
        for path, data in files.items():
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            written[path] = Path(name)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            written[path].chmod(0o666 & ~mask)
        for path, temporary in written.items():
            temporary.replace(path)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "free some space" if full else "choose another place"
        raise _not_written(path, error.strerror or str(error), remedy) from error
    finally:
        for temporary in written.values():
            temporary.unlink(missing_ok=True)


def _not_written(path: Path, reason: str, remedy: str) -> PackError:
    return PackError(f"{path}: cannot be written ({reason}); {remedy}")


def read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PackError(f"{path}: cannot be read ({error.strerror}); check the path") from error
