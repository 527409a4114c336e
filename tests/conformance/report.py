"""ONNX's node tests of the core operators: how many run on the engine, are refused, or fail.

python -m tests.conformance.report [OPERATOR ...]      the table, and what does not run
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tinypack.errors import PackError

from . import onnx_nodes
from .onnx_nodes import NodeCase

# What networks for microcontrollers are made of.
# fmt: off
CORE = (
    "Conv", "ConvTranspose", "Gemm", "MatMul", "Relu", "Clip", "LeakyRelu", "PRelu", "Sigmoid",
    "Tanh", "HardSigmoid", "HardSwish", "Elu", "Softmax", "MaxPool", "AveragePool",
    "GlobalAveragePool", "GlobalMaxPool", "BatchNormalization", "Add", "Sub", "Mul", "Div",
    "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Concat", "Split", "Slice",
    "Gather", "Pad", "Identity", "Constant", "Dropout", "ReduceMean", "ReduceSum", "ReduceMax",
    "ArgMax", "LSTM", "GRU", "RNN", "Resize", "QuantizeLinear", "DequantizeLinear",
    "LayerNormalization", "Cast", "Shape", "Expand", "Pow", "Sqrt", "Exp", "Neg", "Abs", "Min",
    "Max", "Softplus", "Gelu", "DepthToSpace",
)
# Packed as well.
OTHERS = (
    "Celu", "Mish", "Selu", "SpaceToDepth", "Sum", "Tile", "Upsample", "ArgMin", "Mean", "LpPool",
    "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "RMSNormalization",
    "InstanceNormalization", "GroupNormalization", "LpNormalization", "MeanVarianceNormalization",
)
# fmt: on
OPERATORS = (*CORE, *OTHERS)
LEAST = 25.0
PRECISIONS = ("int8", "int16")
# The integers of an index are right or wrong.
BY_EQUALITY = ("ArgMax", "ArgMin")


@dataclass(frozen=True)
class Result:
    """`status` is runs, refused or failed; `detail` says with which precision, or why not."""

    name: str
    status: str
    detail: str


def results(op: str, folder: Path) -> Iterator[Result]:
    for case in onnx_nodes.cases(op):
        if case.is_float or (op in BY_EQUALITY and _first_is_float(case)):
            yield result(case, op, folder)


def _first_is_float(case: NodeCase) -> bool:
    return next(iter(case.data.values())).dtype == np.float32


def result(case: NodeCase, op: str, folder: Path) -> Result:
    worst = ""
    for precision in PRECISIONS:
        try:
            packed, outputs = onnx_nodes.packed_outputs(case, folder, precision)
        except PackError as error:
            return Result(case.name, "refused", str(error))
        except Exception as error:  # whatever it is, the case fails
            return Result(case.name, "failed", f"{type(error).__name__}: {error}")
        if not packed.model.nodes:
            return Result(case.name, "failed", "folded away: no node is left")
        if op in BY_EQUALITY:
            pairs = zip(outputs, case.outputs, strict=True)
            if all(np.array_equal(y.reshape(e.shape), e) for y, e in pairs):
                return Result(case.name, "runs", precision)
            worst = "other integers"
            continue
        reached = min(
            onnx_nodes.sqnr(y.reshape(expected.shape), expected)
            for y, expected in zip(outputs, case.outputs, strict=True)
        )
        if reached >= LEAST:
            return Result(case.name, "runs", precision)
        worst = f"{reached:.1f} dB with {precision}"
    return Result(case.name, "failed", worst)


def main(chosen: Sequence[str]) -> None:
    total: Counter[str] = Counter()
    rest = []
    print(f"{'operator':24}{'runs':>6}{'refused':>9}{'failed':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for op in chosen or CORE:
            found = list(results(op, Path(folder)))
            counts = Counter(r.status for r in found)
            total += counts
            rest += [(op, r) for r in found if r.status != "runs"]
            print(f"{op:24}{counts['runs']:6}{counts['refused']:9}{counts['failed']:8}")
    print(f"{'all':24}{total['runs']:6}{total['refused']:9}{total['failed']:8}\n")
    for op, r in rest:
        print(f"{op}: {r.name}: {r.status}: {r.detail}")


if __name__ == "__main__":
    main(sys.argv[1:])
