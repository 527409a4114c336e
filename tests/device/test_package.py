"""device/ as a package: one version in every place that names it."""

import json
import re

try:
    import tomllib
except ImportError:
    import tomli as tomllib
from pathlib import Path

import tinyinfer

from toolchain import CHECKOUT

DEVICE = CHECKOUT / "device"


def _version(path: Path) -> str:
    found = re.search(r'version="([^"]+)"', path.read_text(encoding="utf-8"))
    assert found
    return found[1]


def test_one_version() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = json.loads((DEVICE / "package.json").read_text(encoding="utf-8"))
    versions = {
        "pyproject.toml": project["version"],
        "tinyinfer.__version__": tinyinfer.__version__,
        "device/package.json": package["version"],
        "device/manifest.py": _version(DEVICE / "manifest.py"),
    }
    assert len(set(versions.values())) == 1, versions
