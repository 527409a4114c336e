"""Builds what the tests run on: MicroPython firmware, native modules, CPython extension, plugin.

Standard library only, so that it runs before any virtual environment exists.
`python -m toolchain THING` builds a thing if it is not built yet and prints its path.
"""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


class ToolchainError(Exception):
    """A build that should work failed; the message says where its log is."""


class Missing(ToolchainError):
    """This machine lacks a program; the message names it and how to get it."""
