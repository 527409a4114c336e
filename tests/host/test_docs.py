"""What documents say exists, and what exists says what it is."""

import json
import re
import shlex
import subprocess
import sys

import click
import pytest
import tinyinfer
from tinypack import cli
from tinypack.boards import load_boards

from toolchain import CHECKOUT

DOCUMENTS = (
    "README.md",
    "tests/README.md",
    "native_modules/tinyinfer/SPEC.md",
    "native_modules/tinyinfer/DESIGN.md",
)
# Files whose words reach a user, besides the documents: what they name must exist too.
SPEAKING = ("host/tinypack", "device")
COMMANDS = cli.tinypack.list_commands(None)


def text_of(document: str) -> str:
    return (CHECKOUT / document).read_text(encoding="utf-8")


def blocks(text: str) -> list[str]:
    return re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def shown(text: str, program: str) -> list[list[str]]:
    """Arguments of each call of a program: lines of a block, or a whole `span` of the prose."""
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    spans = [*"\n".join(blocks(text)).splitlines(), *re.findall(r"`([^`]+)`", prose)]
    found = []
    for span in spans:
        for match in re.finditer(rf"(?:^|[\s/(]){re.escape(program)} ([^#;&)]*)", span):
            found.append(shlex.split(re.split(r" {3,}", match[1])[0]))
    return found


def parameters(name: str) -> list[click.Parameter]:
    command = cli.tinypack.get_command(None, name)
    assert command
    return command.params


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = cli.tinypack.get_command(None, name)
    assert command and command.help and command.short_help
    options = [p for p in parameters(name) if isinstance(p, click.Option)]
    assert [option.name for option in options if not option.help] == []
    arguments = [p for p in parameters(name) if isinstance(p, click.Argument)]
    # click has no help for these: the command's own text must name them
    assert [a.name for a in arguments if a.human_readable_name not in command.help] == []


def test_every_board_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    folders = {path.parent.name for path in (CHECKOUT / "boards").glob("*/board.json")}
    assert cli.main(["boards", "--json"]) == 0
    assert {board["id"] for board in json.loads(capsys.readouterr().out)["boards"]} == folders
    assert cli.main(["boards"]) == 0
    assert folders <= set(capsys.readouterr().out.split())


def test_every_board_is_in_the_readme() -> None:
    table = text_of("README.md").split("\n| board |")[1].split("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    named = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    boards = load_boards()
    assert {board.id for board in boards} <= named
    assert named <= {name for board in boards for name in (board.id, *board.aliases)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(document))
    relative = [link.split("#")[0] for link in links if not re.match(r"\w+:|#", link)]
    here = (CHECKOUT / document).parent
    assert [link for link in relative if not (here / link).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_blocks_end_before_the_next_heading(document: str) -> None:
    assert [block for block in blocks(text_of(document)) if re.search(r"^##+ ", block, re.M)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_headings_that_are_named_exist(document: str) -> None:
    """Such as: SPEC.md, "Overlap"; in the document itself: under "Overlap"."""
    spec = "native_modules/tinyinfer/SPEC.md"
    named = [(spec, name) for name in re.findall(r'SPEC\.md, "([^"]+)"', text_of(document))]
    named += [
        (document, name)
        for name in re.findall(r'\b(?:as|under) "([A-Z][^"]+)"', text_of(document))
    ]
    for where, name in named:
        assert re.search(rf"^#+ {re.escape(name)}$", text_of(where), re.MULTILINE), name


def test_tinypack_has_what_is_shown() -> None:
    calls = [call for document in DOCUMENTS for call in shown(text_of(document), "tinypack")]
    assert {"demo", "info", "eval", "run"} <= {verb for verb, *_ in calls}
    for verb, *arguments in calls:
        if verb not in COMMANDS:
            # `tinypack MODEL` is `tinypack pack MODEL`
            assert verb == "MODEL" or verb.endswith((".onnx", ".tflite")), f"tinypack {verb}"
        command = verb if verb in COMMANDS else "pack"
        options = {option for p in parameters(command) for option in (*p.opts, *p.secondary_opts)}
        given = {argument for argument in arguments if argument.startswith("-")}
        assert given <= options, f"tinypack {verb}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_options_in_prose_exist(document: str) -> None:
    """An option in backquotes by itself, such as `--precision int4`, is one of tinypack's."""
    known = {option for name in COMMANDS for p in parameters(name) for option in p.opts}
    assert set(re.findall(r"`(--?[a-z][\w-]*)[^`]*`", text_of(document))) <= known


def test_files_that_speak_name_commands_that_exist() -> None:
    paths = [path for root in SPEAKING for path in (CHECKOUT / root).rglob("*.py")]
    verbs = [
        (path.name, verb)
        for path in paths
        for verb in re.findall(r"[`\n]tinypack ([a-z]+)", path.read_text(encoding="utf-8"))
    ]
    assert verbs
    assert [pair for pair in verbs if pair[1] not in COMMANDS] == []


def test_make_has_what_is_shown() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    words = {a[0] for d in DOCUMENTS for a in shown(text_of(d), "make") if a}
    words = {word for word in words if "=" not in word}  # MicroPython's own make
    assert {"demo", "test"} <= words
    assert words <= targets


def test_toolchain_has_what_is_shown() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "toolchain", "--help"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    things = re.findall(r"^    ([a-z-]+) ", printed, re.MULTILINE)
    words = {a[0] for d in DOCUMENTS for a in shown(text_of(d), "python -m toolchain")}
    assert {"natmod", "package"} <= words
    assert words <= {*things, "--help"}


def test_python_that_is_shown_uses_what_exists() -> None:
    """Attributes of `tinyinfer` and of `model` in README's program."""
    (program,) = [block for block in blocks(text_of("README.md")) if "import tinyinfer" in block]
    for owner, thing in (("tinyinfer", tinyinfer), ("model", tinyinfer.Model)):
        names = set(re.findall(rf"\b{owner}\.([a-z_]+)\(", program, re.IGNORECASE))
        assert names and not [name for name in names if not hasattr(thing, name)], owner
