"""Reads versions.toml."""

import sys
from functools import cache
from typing import Any

from toolchain import CHECKOUT

if sys.version_info >= (3, 11):
    import tomllib
else:
    from pip._vendor import tomli as tomllib


@cache
def versions() -> dict[str, Any]:
    return tomllib.loads((CHECKOUT / "versions.toml").read_text())
