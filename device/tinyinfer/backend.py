"""Chooses the engine: the native module `_tinyinfer` wherever there is one, else Python's.

A native module that is there but does not load is an error, never a reason to run slowly.
TINYINFER_BACKEND=python in the environment (where there is one) chooses the Python engine.
"""

import os
import sys

from .source import open_source

try:
    _Missing = ModuleNotFoundError  # CPython: other kinds of ImportError mean a broken module
except NameError:
    _Missing = ImportError  # MicroPython: a broken .mpy raises ValueError

BACKEND = None  # 'usermod', 'natmod', 'cpython' or 'python'
_native = None


def use_python():
    global BACKEND, _native
    from . import engine

    _native = engine
    BACKEND = "python"


def _choose():
    global BACKEND, _native
    getenv = getattr(os, "getenv", None)
    wanted = getenv("TINYINFER_BACKEND") if getenv else None
    if wanted not in (None, "", "python"):
        raise ValueError("TINYINFER_BACKEND=%s: only python can be chosen" % wanted)
    if wanted == "python":
        use_python()
        return
    try:
        import _tinyinfer
    except _Missing as error:
        if getattr(error, "name", "_tinyinfer") != "_tinyinfer":
            raise
        use_python()
        line = "tinyinfer: no native module found, the Python engine runs (same numbers, slow)"
        if sys.implementation.name == "cpython":
            print(line, file=sys.stderr)  # leaves what a program prints alone
        else:
            print(line)
        return
    _native = _tinyinfer
    BACKEND = _tinyinfer.BACKEND


def engine_needs(buffer):
    """(arena bytes, state bytes, whether the constants can be read as words)."""
    try:
        return _native.needs(buffer)
    except ValueError as error:
        if BACKEND != "python" and str(error).startswith("node "):
            _name_attribute(buffer)
        raise


def _name_attribute(buffer):
    """Raises what the Python engine says, where it is installed: others only name the node."""
    try:
        from .engine import needs
    except (ImportError, MemoryError):
        return
    try:
        needs(buffer)
    except (MemoryError, NotImplementedError):  # too small a board, or a kernel left out of it
        return


def kernel_family():
    """Name of the native module's kernel family; None of the Python engine."""
    from .kernel_table import FAMILIES

    number = getattr(_native, "FAMILY", None)
    return None if number is None else FAMILIES[number]


def new_engine(buffer, arena):
    return _native.Engine(buffer, arena)


def needs(source):
    """(arena bytes, state bytes) of a model, a path or a buffer.

    A file that cannot be read in place is read into RAM.
    """
    return engine_needs(open_source(source, False)[0])[:2]


_choose()
