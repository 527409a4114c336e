"""python -m bench.accuracy FOLDER: every model with every precision, as docs/ACCURACY.md.

FOLDER is laid out as TINYINFER_MODELS asks. Accuracy is on all test samples, which no packed byte
depends on.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinypack.calibrate import reference
from tinypack.evaluate import Evaluation, evaluate
from tinypack.model_file import read_model
from tinypack.pipeline import pack
from tinypack.plan import plan_memory
from tinypack.report import cost
from tinypack.samples import load_calibration, load_test

from bench.models import packed as packed_graph
from bench.results import MODELS, table, value
from toolchain import CHECKOUT

PAGE = CHECKOUT / "docs" / "ACCURACY.md"
PRECISIONS = ("int8", "int4", "int16", "auto")
# Arena bytes that TensorFlow Lite Micro takes for these graphs, and that ours may take.
MEMORY = {
    "kws_seeded": (22_820, 9_600),
    "ic_seeded": (54_980, 36_500),
    "vww": (100_708, 38_500),
    "ad": (2_580, 2_100),
}
# Published files whose input has its axes in another order than the samples.
_OTHER_LAYOUT = ("wand_cnn",)


@dataclass(frozen=True)
class Row:
    model: str
    precision: str
    done: Evaluation
    weight_bytes: int
    file_bytes: int
    arena_bytes: int
    seconds: float


def rows(folder: Path) -> Iterator[Row]:
    for name, (metric, _) in MODELS.items():
        samples = folder / f"samples/{name}.npz"
        calibration, test = load_calibration(samples), load_test(samples)
        model = folder / f"models/{name}.onnx"
        expected = reference(model, test.x)[0]
        published = folder / f"models/{name}.int8.tflite"
        for precision in ("published", *PRECISIONS):
            source = published if precision == "published" else model
            if not source.is_file() or (precision == "published" and name in _OTHER_LAYOUT):
                continue
            start = time.perf_counter()
            asked = "int8" if precision == "published" else precision
            packed = pack(source, calibration, precision=asked)
            seconds = time.perf_counter() - start
            done = evaluate(packed.file, packed.model, test, metric=metric, reference=expected)
            total = cost(packed.model, len(packed.file))
            size = source.stat().st_size if precision == "published" else len(packed.file)
            yield Row(name, precision, done, total.weight_bytes, size, total.arena_bytes, seconds)


def accuracy(found: Sequence[Row]) -> str:
    head = ("model", "metric, samples", "float", "weights", "packed", "agrees", "weight bytes")
    head += ("file bytes", "arena bytes", "seconds to pack")
    lines = []
    for row in found:
        done, metric = row.done, MODELS[row.model][0]
        agrees = "" if done.agreement is None else f"{done.agreement:.2%}"
        lines.append(
            (
                row.model,
                f"{metric}, {done.samples}",
                value(metric, done.float_value),
                "published int8" if row.precision == "published" else row.precision,
                value(metric, done.value),
                agrees,
                f"{row.weight_bytes:,}",
                f"{row.file_bytes:,}",
                f"{row.arena_bytes:,}",
                "" if row.precision == "published" else f"{row.seconds:.1f}",
            )
        )
    return table(head, lines)


def pooled(found: Sequence[Row]) -> str:
    """Disagreement with float over all classifiers together."""
    wrong: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in found:
        if row.done.agreement is not None:
            wrong[row.precision] += round((1 - row.done.agreement) * row.done.samples)
            total[row.precision] += row.done.samples
    lines = [(p, f"{wrong[p]} of {total[p]}", f"{wrong[p] / total[p]:.2%}") for p in PRECISIONS]
    return table(("weights", "other answers than float", "share"), lines)


def memory() -> str:
    lines = []
    for name, (peer, bound) in MEMORY.items():
        for precision in ("int8", "int4"):
            plan = plan_memory(read_model(packed_graph(name, precision).read_bytes()))
            figures = (plan.arena_bytes, plan.lower_bound, bound, peer)
            lines.append((name, precision, *(f"{figure:,}" for figure in figures)))
    head = ("graph", "weights", "arena bytes", "no plan needs less than", "goal")
    return table((*head, "TensorFlow Lite Micro"), lines)


def page(found: Sequence[Row]) -> str:
    return f"""# Accuracy and memory

Made by `make accuracy TINYINFER_MODELS=FOLDER`. One figure again:
`tinypack MODEL.onnx --calib SAMPLES.npz --precision int8`, then
`tinypack eval MODEL.tinf --data SAMPLES.npz --float MODEL.onnx`.

"agrees" is the share of test samples whose answer is the float model's. Weights and ranges are
fitted to calibration samples alone. "published int8" is the `.tflite` file of the model's makers,
packed as it is; its file bytes are that file's. The published kws is another training than the
float model.

{accuracy(found)}

All classifiers together:

{pooled(found)}

## Memory

Seeded networks of the same graphs: a keyword spotter, a residual network for pictures of 32x32,
MobileNetV1-0.25 for 96x96x3, an autoencoder 640-128-…-640. The arena is all the RAM a model needs,
scratch of the hungriest core included.

{memory()}
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.accuracy", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds models/ and samples/")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(list(rows(parser.parse_args().folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
