"""Reads versions.toml."""

from functools import cache
from typing import Any

from toolchain import CHECKOUT

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    from pip._vendor import tomli as tomllib


@cache
def versions() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "versions.toml").read_text())
