"""ONNX's own tests of single operators, packed and run by the C engine."""

import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from tinypack import pack
from tinypack.evaluate import feed
from tinypack.execute import backend, run_samples
from tinypack.pipeline import Packed
from tinypack.samples import Samples

# Operators with more than one data input; of the others only the first input is fed.
DATA_INPUTS = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Concat")


@dataclass(frozen=True)
class NodeCase:
    """One node with what it gives; constant inputs are initializers, as files have them."""

    name: str
    model: onnx.ModelProto
    data: dict[str, NDArray]
    outputs: list[NDArray]

    @property
    def is_float(self) -> bool:
        """Whether float32 goes in and comes out."""
        arrays = [*list(self.data.values())[:1], *self.outputs[:1]]
        return len(arrays) == 2 and all(
            isinstance(x, np.ndarray) and x.dtype == np.float32 for x in arrays
        )


@cache
def _collected() -> dict[str, list]:
    """By operator, from the generators that onnx installs with itself."""
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = collect_testcases(None)
    result: dict[str, list] = {}
    for case in found:
        nodes = case.model.graph.node
        if len(nodes) == 1:
            result.setdefault(nodes[0].op_type, []).append(case)
    return result


@cache
def cases(op: str) -> list[NodeCase]:
    return [_bound(case, op) for case in _collected()[op]]


def _bound(case, op: str) -> NodeCase:
    inputs, outputs = case.data_sets[0]
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    data = {}
    for position, (info, x) in enumerate(zip(case.model.graph.input, inputs, strict=True)):
        if not isinstance(x, np.ndarray | np.generic):
            continue
        if position == 0 or op in DATA_INPUTS:
            data[info.name] = np.asarray(x)
        else:
            model.graph.initializer.append(numpy_helper.from_array(np.asarray(x), info.name))
    return NodeCase(case.name, model, data, outputs)


def packed_outputs(
    case: NodeCase, folder: Path, precision: str = "int8"
) -> tuple[Packed, list[NDArray[np.float32]]]:
    """The packed node, and what it computes of the case's data, which it was calibrated with."""
    assert backend() == "cpython"
    path = folder / f"{case.name}.onnx"
    onnx.save(case.model, path)
    named = {name: x[None] for name, x in case.data.items()}
    samples = Samples(next(iter(named.values())), named=named)
    packed = pack(path, samples, precision=precision)
    outputs = run_samples(packed.file, feed(packed.model, samples))
    return packed, [y[0] for y in outputs]


def sqnr(actual: NDArray, expected: NDArray) -> float:
    """Signal over error, in dB."""
    error = float(np.square(actual - expected, dtype=np.float64).sum())
    signal = float(np.square(expected, dtype=np.float64).sum())
    if not error:
        return np.inf
    return 10 * np.log10(signal / error) if signal else -np.inf
