"""pip install: what a wheel holds, with a C compiler and without one."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from toolchain import CHECKOUT

SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
ROOMS = ("host", "device", "native_modules", "boards")


@pytest.fixture(scope="module", params=["compiler", "no compiler"])
def installed(request, tmp_path_factory):
    """Folder with an unpacked wheel, and the engine that is expected to run from it."""
    folder = tmp_path_factory.mktemp("install")
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in SOURCES:
        shutil.copy(CHECKOUT / name, checkout)
    for name in ROOMS:
        shutil.copytree(
            CHECKOUT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    has_compiler = request.param == "compiler"
    environment = os.environ if has_compiler else {**os.environ, "CC": str(folder / "missing")}
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", str(folder), str(checkout)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site", "cpython" if has_compiler else "python"


def run(site, code):
    # -S: what is installed beside this Python must not stand in for what the wheel lacks.
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=site.parent,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_engine(installed):
    site, backend = installed
    assert run(site, "import tinyinfer; print(tinyinfer.BACKEND)") == f"{backend}\n"


def test_sources_and_boards_are_inside(installed):
    site, _ = installed
    packed = site / "tinypack" / "_native"
    native = CHECKOUT / "native_modules/tinyinfer"
    wanted = {
        path.relative_to(native)
        for path in native.rglob("*")
        if path.suffix in (".c", ".h", ".S", ".def", ".fbs", ".mk", ".cmake")
        or path.name == "Makefile"
    }
    assert wanted <= {path.relative_to(packed) for path in packed.rglob("*")}
    printed = run(site, "from tinypack.resources import *; print(native_dir(), boards_dir())")
    assert printed.split() == [str(packed), str(site / "tinypack" / "_boards")]


def test_boards_are_found(installed):
    site, _ = installed
    code = "from tinypack.boards import load_boards; print(len(load_boards()))"
    assert int(run(site, code)) == len(list(CHECKOUT.glob("boards/*/board.json")))


def test_demo_model_is_inside(installed):
    site, _ = installed
    demo = CHECKOUT / "host/tinypack/demo"
    for path in (*demo.glob("*.onnx"), *demo.glob("*.npz")):
        assert (site / "tinypack/demo" / path.name).read_bytes() == path.read_bytes()
