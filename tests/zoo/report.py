"""Architectures that nobody tuned for: how many pack well, and what is said of the others.

python -m tests.zoo.report [NAME ...]
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto
from tinypack.calibrate import reference
from tinypack.errors import PackError
from tinypack.evaluate import feed
from tinypack.execute import run_samples
from tinypack.model_file import ModelSpec
from tinypack.pipeline import pack
from tinypack.samples import Samples

from . import keras, random_dag, sequences, vision

_BUILDERS: dict[str, Callable[[], tuple[Any, ...]]] = {
    build.__name__: build for room in (vision, sequences, keras) for build in room.NETS
} | {name: partial(random_dag.random_dag, seed) for name, seed in random_dag.NETS.items()}
# What PyTorch's exporters have written: make_torch.py; and tf2onnx: make_keras.py
_FILES = {
    f"{prefix}_{path.stem}": path
    for prefix, folder in (("torch", "torch"), ("tf2onnx", "keras"))
    for path in (Path(__file__).parent / folder).glob("*.onnx")
}
NETS = (*_BUILDERS, *sorted(_FILES))
LEAST = 20.0  # dB
PRECISIONS = ("int8", "int16")
CALIBRATION, UNSEEN = 32, 16
WORDS = 50  # that every embedding knows


@dataclass(frozen=True)
class Result:
    """`status` is packed, refused or failed; `decibels` is of the worst output."""

    name: str
    status: str
    detail: str
    decibels: float = 0.0
    file_bytes: int = 0
    arena_bytes: int = 0
    model: ModelSpec | None = None


def built(name: str) -> onnx.ModelProto:
    if name in _FILES:
        return onnx.load(_FILES[name])
    net, *outputs = _BUILDERS[name]()
    return net.model(*outputs)


def result(name: str, folder: Path) -> Result:
    model = built(name)
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    calibration, unseen = _samples(model, 1, CALIBRATION), _samples(model, 2, UNSEEN)
    expected = reference(path, [unseen.named[i.name] for i in model.graph.input])
    found = Result(name, "failed", "no precision")
    for precision in PRECISIONS:
        try:
            packed = pack(path, calibration, precision=precision)
        except PackError as error:
            return Result(name, "refused", str(error))
        outputs = run_samples(packed.file, feed(packed.model, unseen))
        worst = min(_sqnr(y, e) for y, e in zip(outputs, expected, strict=True))
        found = Result(
            name,
            "packed" if worst >= LEAST else "failed",
            precision,
            worst,
            len(packed.file),
            packed.plan.arena_bytes,
            packed.model,
        )
        if worst >= LEAST:
            break
    return found


def _samples(model: onnx.ModelProto, seed: int, count: int) -> Samples:
    """Smooth noise: neighbours resemble each other, as in pictures and recordings."""
    rng = np.random.default_rng(seed)
    named = {}
    for info in model.graph.input:
        # no value: a batch of any size
        shape = [d.dim_value or 1 for d in info.type.tensor_type.shape.dim]
        if info.type.tensor_type.elem_type in (TensorProto.INT32, TensorProto.INT64):
            named[info.name] = rng.integers(0, WORDS, (count, *shape)).astype(np.float32)
            continue
        x = rng.standard_normal((count, *shape))
        for axis in range(2, x.ndim):
            x = 0.6 * x + 0.4 * np.roll(x, 1, axis) + 0.2 * np.roll(x, 2, axis)
        named[info.name] = x.astype(np.float32)
    return Samples(next(iter(named.values())), named=named)


def _sqnr(actual: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    expected = expected.reshape(actual.shape)
    error = float(np.square(actual - expected, dtype=np.float64).sum())
    signal = float(np.square(expected, dtype=np.float64).sum())
    return 10 * float(np.log10(signal / error)) if error and signal else (0.0 if error else np.inf)


def results(names: Sequence[str]) -> Iterator[Result]:
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            yield result(name, Path(folder))


def main(chosen: Sequence[str]) -> None:
    print(f"{'architecture':32}{'':10}{'dB':>7}{'file':>10}{'arena':>10}  precision, or why not")
    packed = total = 0
    for r in results(chosen or NETS):
        total += 1
        packed += r.status == "packed"
        print(
            f"{r.name:32}{r.status:10}{r.decibels:7.1f}{r.file_bytes:10}{r.arena_bytes:10}"
            f"  {r.detail}",
            flush=True,
        )
    print(f"\n{packed} of {total} packed: {100 * packed / max(total, 1):.0f} %")


if __name__ == "__main__":
    main(sys.argv[1:])
