"""Single operators of the size that MLPerf Tiny's networks have, each a model of its own.

python -m tests.models.blocks FOLDER [NAME ...]
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx

from tests.models.small_graph import SmallGraph, model, random_inputs

SAMPLES = 32
BLOCKS: dict[str, Callable[[], onnx.ModelProto]] = {}


@model(into=BLOCKS)
def dw3x3(g: SmallGraph) -> str:
    """Depthwise layer of the keyword-spotting DS-CNN."""
    x = g.op("Transpose", g.x(1, 25, 5, 64), perm=[0, 3, 1, 2])
    attributes = {"group": 64, "pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}
    y = g.op("Relu", g.op("Conv", x, g.weights(64, 1, 3, 3), g.bias(64), **attributes))
    return g.op("Transpose", y, perm=[0, 2, 3, 1])


@model(into=BLOCKS)
def add(g: SmallGraph) -> str:
    """Sum of two tensors, each of a scale of its own."""
    return g.op("Add", g.x(1, 25, 5, 64, name="a"), g.x(1, 25, 5, 64, name="b"))


def write(name: str, proto: onnx.ModelProto, folder: Path) -> tuple[Path, Path]:
    """The model and an .npz of samples for each of its inputs; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / f"{name}.onnx", folder / f"{name}.npz"
    onnx.save(proto, paths[0])
    samples = [random_inputs(proto, seed) for seed in range(SAMPLES)]
    np.savez(paths[1], **{key: np.concatenate([s[key] for s in samples]) for key in samples[0]})
    return paths


def main(folder: Path, names: list[str]) -> None:
    for name in names:
        write(name, BLOCKS[name](), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(BLOCKS))
