"""python -m bench.results: measures accuracy and bytes and writes the tables of README.md.

Accuracy is on all test samples of the models in a folder laid out as TINYINFER_MODELS asks.
Instructions are those of build/bench.json, which `make bench` writes.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tinypack.calibrate import reference
from tinypack.evaluate import Evaluation, evaluate
from tinypack.pipeline import pack
from tinypack.samples import load_calibration, load_test

from bench import report
from bench.__main__ import RESULTS
from toolchain import CHECKOUT
from toolchain.firmware import all_boards
from toolchain.natmod import natmod

README = CHECKOUT / "README.md"
# Name and metric; what TensorFlow Lite Micro with CMSIS-NN needs of RAM, where that was measured.
MODELS = {
    "kws": ("top1", 22_820),
    "ic": ("top1", 54_996),
    "cifar_mbv2": ("top1", None),
    "har_gru": ("top1", None),
    "digits_cnn": ("top1", None),
    "har_conv1d": ("top1", None),
    "magicwand_cnn": ("top1", None),
    "wand_cnn": ("top1", None),
    "wine_mlp": ("top1", None),
    "iris_mlp": ("top1", None),
    "hello_world": ("mae", None),
    "diabetes_mlp": ("r2", None),
}
PRECISIONS = ("int8", "int4")


def accuracy(folder: Path) -> Iterable[Sequence[str]]:
    """Rows: model, float, int8 and int4 with their agreement, bytes of file and arena."""
    for name, (metric, peer_arena) in MODELS.items():
        model, samples = folder / f"models/{name}.onnx", folder / f"samples/{name}.npz"
        tflite = folder / f"models/{name}.int8.tflite"
        test = load_test(samples)
        expected = reference(model, test.x)[0]
        results = []
        for precision in PRECISIONS:
            packed = pack(model, load_calibration(samples), precision=precision)
            done = evaluate(packed.file, packed.model, test, metric=metric, reference=expected)
            results.append((packed, done))
        first = results[0][1]
        yield (
            name,
            f"{metric}, {first.samples}",
            value(metric, first.float_value),
            *(_measured(metric, done) for _, done in results),
            " / ".join(f"{len(packed.file):,}" for packed, _ in results),
            f"{tflite.stat().st_size:,}" if tflite.is_file() else "",
            " / ".join(f"{packed.model.arena_bytes:,}" for packed, _ in results),
            f"{peer_arena:,}" if peer_arena else "",
        )


def value(metric: str, number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:.1%}" if metric == "top1" else f"{number:.4f}"


def _measured(metric: str, done: Evaluation) -> str:
    shown = value(metric, done.value)
    return f"{shown} ({done.agreement:.1%})" if metric == "top1" else shown


def instructions() -> Iterable[Sequence[str]]:
    """Rows: core, model, millions of instructions with each precision, the peer's with int8."""
    counted = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for core, models in counted.items():
        for model, precisions in models.items():
            counts = [
                precisions.get(precision, {}).get("instructions")
                for precision in (*PRECISIONS, "int16")
            ]
            peer = report.peer(core, model)
            yield (
                core,
                model,
                *(f"{count / 1e6:.2f}" if count else "" for count in counts),
                f"{peer / 1e6:.2f}" if peer else "",
            )


def native_modules() -> Iterable[Sequence[str]]:
    archs = sorted({arch for board in all_boards().values() for arch in board["natmods"]})
    for arch in archs:
        yield (f"`{arch}`", f"{natmod(arch).stat().st_size:,}")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replace(text: str, name: str, content: str) -> str:
    """`text` with what stands between the marks of that name replaced."""
    begin, end = f"<!-- {name}: make results -->", f"<!-- /{name} -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{README}: has no marks for {name}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.results", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="models/ and samples/ for accuracy")
    given = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    if given.folder:
        head = ("model", "metric, samples", "float", "int8 (agrees)", "int4 (agrees)")
        head += ("file bytes int8 / int4", "int8 .tflite", "arena int8 / int4", "TFLM arena")
        text = replace(text, "accuracy", table(head, accuracy(given.folder)))
    head = ("core", "model", "int8, M instructions", "int4", "int16", "peer's int8")
    text = replace(text, "instructions", table(head, instructions()))
    text = replace(text, "natmods", table(("native module", "bytes"), native_modules()))
    README.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
