"""ops.def is the one list of operators: every row has its files, what derives from it is fresh."""

import importlib

import pytest
from tinypack.ops_doc import generated
from tinypack.optable import OPS
from tinypack.resources import native_dir

CHECKOUT = native_dir().parents[1]
# the files of one operator besides its rows
ROOMS = (
    "native_modules/tinyinfer/kernels/{}.c",
    "device/tinyinfer/engine/{}.py",
    "host/tinypack/ops/{}.py",
    "tests/ops/{}.toml",
)


@pytest.mark.parametrize("room", ROOMS)
def test_every_row_has_its_file(room: str) -> None:
    missing = [path for op in OPS if not (CHECKOUT / (path := room.format(op))).is_file()]
    assert not missing


def test_no_sweep_without_a_row() -> None:
    assert {path.stem for path in (CHECKOUT / "tests/ops").glob("*.toml")} == set(OPS)


def test_no_kernel_without_a_row() -> None:
    kernels = (CHECKOUT / "native_modules/tinyinfer/kernels").glob("*.c")
    assert {path.stem for path in kernels} == set(OPS)


def test_codes_are_unique_and_fit_the_file() -> None:
    codes = [op.code for op in OPS.values()]
    assert len(set(codes)) == len(codes)
    assert all(0 < code < 1 << 16 for code in codes)


def test_attributes_are_unique() -> None:
    for op in OPS.values():
        names = [attr.name for attr in op.attrs]
        assert len(set(names)) == len(names), op.name


@pytest.mark.parametrize("op", OPS)
def test_engine_file_is_an_operator(op: str) -> None:
    module = importlib.import_module(f"tinyinfer.engine.{op}")
    for function in ("check", "run", "vectorized"):
        assert callable(getattr(module, function))


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_generated_file_is_fresh(path) -> None:
    assert path.read_text(encoding="utf-8") == generated()[path], "run python -m tinypack.ops_doc"


def test_spec_has_every_operator() -> None:
    spec = (native_dir() / "SPEC.md").read_text(encoding="utf-8")
    assert [op for op in OPS if f"\n### {op}\n" not in spec] == []
