"""python -m toolchain THING: builds it if need be and prints its path."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from toolchain import ToolchainError
from toolchain.extension import extension
from toolchain.firmware import all_boards, emulated_boards, firmware
from toolchain.micropython import mpy_cross, source
from toolchain.natmod import natmod
from toolchain.package import package
from toolchain.packages import TOOLS, need
from toolchain.qemu import plugin


def everything() -> list[Path]:
    """All that the tests run on. What fails does not keep the rest from being built."""
    boards = emulated_boards()
    makers: list[Callable[[], Path]] = [extension, package]
    for board in boards:
        makers += [partial(firmware, board, usermod=usermod) for usermod in (True, False)]
    for arch in sorted({arch for board in all_boards().values() for arch in board["natmods"]}):
        makers.append(partial(natmod, arch))
    made, failures = [], []
    for make in makers:
        try:
            made.append(make())
        except ToolchainError as error:
            failures.append(str(error))
    if failures:
        raise ToolchainError("\n".join(failures))
    return made


def _tool(name: str) -> str:
    """For argparse, whose choices refuse an empty list of them."""
    if name not in TOOLS:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(TOOLS)}")
    return name


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m toolchain", description=__doc__)
    things = parser.add_subparsers(dest="thing", required=True, metavar="THING")

    def thing(
        name: str, description: str, make: Callable[[argparse.Namespace], object]
    ) -> argparse.ArgumentParser:
        command = things.add_parser(name, help=description, description=description)
        command.set_defaults(make=make)
        return command

    thing("all", "all that the tests need", lambda given: everything())
    packages = thing(
        "packages", "the programs the builds need", lambda given: need(*(given.tool or TOOLS))
    )
    packages.add_argument("tool", nargs="*", type=_tool, help=", ".join(TOOLS))
    thing("source", "MicroPython's source tree", lambda given: source())
    thing("package", "the tinyinfer package as .mpy files", lambda given: package())
    thing("mpy-cross", "MicroPython's compiler of .mpy files", lambda given: mpy_cross())
    board = thing("firmware", "firmware of an emulated board", _firmware)
    board.add_argument("board", choices=emulated_boards())
    board.add_argument("--stock", action="store_true", help="without tinyinfer")
    module = thing("natmod", "the native module", lambda given: natmod(given.arch, given.group))
    module.add_argument("arch")
    module.add_argument("--group", choices=("all", "core"), default="all")
    built = thing("extension", "the CPython extension", lambda given: extension(given.sanitize))
    built.add_argument("--sanitize", action="store_true", help="with address and UB sanitizers")
    thing("qemu-plugin", "QEMU's instruction counter", lambda given: plugin())

    given = parser.parse_args()
    try:
        made = given.make(given)
    except ToolchainError as error:
        print(f"toolchain: {error}", file=sys.stderr)
        return 1
    for path in made if isinstance(made, list) else [made]:
        if path is not None:
            print(path)
    return 0


def _firmware(given: argparse.Namespace) -> Path:
    return firmware(given.board, usermod=not given.stock)


sys.exit(main())
