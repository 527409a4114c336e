"""A build without some operators: smaller, and it names what a model misses."""

from pathlib import Path

from tinypack.optable import OPS

from tests.fuzz.corpus import corpus
from tests.kernels.programs import build, engine_sources, run

HERE = Path(__file__).parent


def test_operators_left_out(tmp_path: Path) -> None:
    without = ("mean", "transpose")
    sources = [path for path in engine_sources() if path.stem not in without]
    options = [f"-DTIN_WITHOUT_{op}=1" for op in without]
    program = build([HERE / "left_out.c", *sources], tmp_path / "left_out", *options)
    files = corpus(tmp_path)
    said = run(program, *files).splitlines()
    for file, line in zip(files, said, strict=True):
        op = Path(file).stem
        expected = f"node 0: operator {OPS[op].code} is left out of this build"
        assert line == (expected if op in without else "ok")
