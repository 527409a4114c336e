"""The command line: one command per file; nothing else in tinypack prints or exits.

Commands import what is heavy only when they run, so that --help is quick.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from io import StringIO, TextIOWrapper
from pathlib import Path
from pkgutil import iter_modules

import click

from ..errors import PackError


class _Commands(click.Group):
    """Every module of this package without a leading underscore is a command of its name."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(module.name for module in iter_modules(__path__) if module.name[0] != "_")

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command: click.Command = import_module(f"{__name__}.{name}").command
        return command

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """`tinypack MODEL …` is `tinypack pack MODEL …`."""
        if args and self._means_pack(context, args):
            args = ["pack", *args]
        return super().parse_args(context, args)

    def _means_pack(self, context: click.Context, args: list[str]) -> bool:
        if args[0].startswith("-"):
            own = {name for option in self.get_params(context) for name in option.opts}
            return args[0] not in own
        # Of a misspelt command click says so: it has no suffix, and is no file.
        file = Path(args[0])
        return args[0] not in self.list_commands(context) and bool(file.suffix or file.exists())


@click.group(
    cls=_Commands,
    name="tinypack",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 99},
)
@click.version_option(package_name="tinyinfer", prog_name="tinypack")
def tinypack() -> None:
    """Packs trained networks into one file for microcontrollers.

    `tinypack MODEL` is short for `tinypack pack MODEL`; every command has --json.
    With TINYPACK_DEBUG=1 in the environment an error comes with its traceback.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command and gives the exit code: 2 when model, data or arguments cannot work, and
    when tinypack itself does not."""
    # Python has none where the caller has closed it.
    sys.stdout = sys.stdout or StringIO()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names may hold what a terminal has no letter for
            stream.reconfigure(errors="backslashreplace")
    try:
        # Not standalone: click then leaves it to us to end the process.
        code = tinypack.main(
            list(argv) if argv is not None else None, prog_name="tinypack", standalone_mode=False
        )
    except PackError as error:
        return _failed(str(error))
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        click.echo("tinypack: interrupted", err=True)
        return 130
    except OSError as error:
        # Files are read and written with words of their own: what is left are the streams.
        return _failed(f"cannot print ({error.strerror or error})")
    except MemoryError:
        return _failed("this computer has too little memory free; give fewer samples")
    except Exception as error:
        return _failed(_bug(error))
    return code if isinstance(code, int) else 0


def _failed(sentence: str) -> int:
    if os.environ.get("TINYPACK_DEBUG"):
        click.echo(traceback.format_exc(), err=True, nl=False)
    click.echo(f"tinypack: {sentence}", err=True)
    return 2


def _bug(error: Exception) -> str:
    """Where it was, and what to do about it."""
    room, place = Path(__file__).parents[1], "an unknown place"
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if file.is_relative_to(room):
            place = f"{file.relative_to(room)}, line {frame.lineno}"
    reason = (str(error).strip().splitlines() or [""])[0]
    return (
        f"failed at {place} ({type(error).__name__}: {reason}), a bug of tinypack, not of your"
        " model; please report it with what TINYPACK_DEBUG=1 shows"
    )
