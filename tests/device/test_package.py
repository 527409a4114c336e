"""device/ as a package: what mip downloads and what a manifest freezes is what is there."""

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


def test_mip_downloads_every_file() -> None:
    names = sorted(str(path.relative_to(DEVICE)) for path in DEVICE.glob("tinyinfer/**/*.py"))
    text = (DEVICE / "package.json").read_text(encoding="utf-8")
    urls = ",\n".join(f"    {json.dumps([name, name])}" for name in names)
    version = json.dumps(json.loads(text)["version"])
    fresh = f'{{\n  "version": {version},\n  "deps": [],\n  "urls": [\n{urls}\n  ]\n}}\n'
    stale = text != fresh
    assert not stale, f"device/package.json should be:\n{fresh}"


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
