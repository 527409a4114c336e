"""Model files to damage."""

from dataclasses import replace
from pathlib import Path

from tinypack.model_file import write_model

from tests.ops import sweep


def corpus(folder: Path) -> list[str]:
    """The smallest model of each operator."""
    paths = []
    for op in sweep.operators():
        models = [replace(case.tight, golden=case.tight.golden[:1]) for case in sweep.cases(op)]
        path = folder / f"{op}.tinf"
        path.write_bytes(min(map(write_model, models), key=len))
        paths.append(str(path))
    return paths
