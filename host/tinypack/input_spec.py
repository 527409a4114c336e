"""What a model expects at its input, as the user writes it down: a TOML file for --input.

    rate = 16000                 # samples per second
    window = 1.0                 # seconds
    axes = ["ax", "ay", "az"]
    units = "m/s^2"
    mean = [0.1, 0.0, 9.8]       # folded into the model file: the board then feeds raw numbers
    std = [4.0, 4.1, 4.2]
    resize = [96, 96]            # height and width that pictures are brought to
    channels = 1                 # grey, from pictures of any kind; 3: colour

Unknown keys are kept for the program on the board.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from .errors import PackError
from .ir import Graph
from .sample_pictures import Form
from .samples import Samples

_LARGEST = 1e15


@dataclass(frozen=True)
class InputSpec:
    """`mean` and `std` hold one number, or one for each element of the input's last axis."""

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    other: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pictures(self) -> Form:
        """What pictures are brought to."""
        return Form.of(self.other)

    def describe(self, graph: Graph) -> dict[str, Any]:
        """The key `input` of the file's metadata."""
        record = dict(self.other)
        value = graph.inputs[0]
        for name, numbers, neutral in (("mean", self.mean, (0.0,)), ("std", self.std, (1.0,))):
            if numbers == neutral:
                continue
            if len(graph.inputs) != 1:
                raise PackError(f"the model has {len(graph.inputs)} inputs: {name} fits only one")
            if len(numbers) not in (1, value.shape[-1]):
                raise PackError(
                    f"input spec: {name} has {len(numbers)} numbers but the last axis of"
                    f" {value.name!r} {value.shape} has {value.shape[-1]}; give one, or one each"
                )
            record[name] = list(numbers)
        # How samples in the source model's layout become the file's inputs.
        orders = {v.name: list(v.onnx_permutation) for v in graph.inputs if v.onnx_permutation}
        if orders:
            record["permutations"] = orders
        return record

    def normalized(self, samples: Samples) -> Samples:
        """Recordings in the units that the source model was trained on."""
        if not samples.raw:
            return samples
        for name, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) not in (1, samples.x.shape[-1]):
                raise PackError(
                    f"input spec: {name} has {len(numbers)} numbers but the last axis of a sample"
                    f" {samples.x.shape[1:]} has {samples.x.shape[-1]}; give one, or one each"
                )
        x = (samples.x - np.asarray(self.mean)) / np.asarray(self.std)
        return replace(samples, x=x.astype(np.float32), raw=False)


def load_input_spec(path: Path) -> InputSpec:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, RecursionError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PackError(f"{path}: cannot be read as TOML ({error}); correct it") from error
    values = values.get("input", values)
    try:
        json.dumps(values, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PackError(f"{path}: {error}; write numbers, text and lists only") from error
    if not isinstance(values, dict):
        raise PackError(f"{path}: input is no table; write [input] and its keys below")
    mean = _numbers(path, "mean", values.pop("mean", 0.0))
    std = _numbers(path, "std", values.pop("std", 1.0))
    if any(deviation < 1 / _LARGEST for deviation in std):
        raise PackError(f"{path}: std must be above {1 / _LARGEST:.0e}; it divides the input")
    try:
        Form.of(values)
    except ValueError as error:
        raise PackError(f"{path}: {error}") from None
    return InputSpec(mean, std, values)


def _numbers(path: Path, name: str, value: Any) -> tuple[float, ...]:
    numbers = value if isinstance(value, list) else [value]
    usual = (int, float)
    if not numbers or not all(isinstance(n, usual) and abs(n) < _LARGEST for n in numbers):
        raise PackError(
            f"{path}: {name} must be a number or a list of numbers, below {_LARGEST:.0e}"
        )
    return tuple(float(n) for n in numbers)
