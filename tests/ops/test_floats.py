"""Float input and output on every target: all exponents, halves, NaN, infinities, subnormals."""

import struct
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from tinyinfer.engine.float_bits import dequantize, quantize
from tinyinfer.model_file import DTYPE_CODES, DTYPE_NAMES, DTYPE_RANGES
from tinypack.model_file import ModelSpec, NodeSpec, QuantizerSpec, TensorSpec, write_model
from tinypack.plan import apply_plan, plan_memory

from tests.ops.test_arithmetic import QUANTIZERS, halves, patterns
from tests.targets import Target

SCRIPT = Path(__file__).with_name("float_vectors.py").read_text(encoding="utf-8")
# scales of the output: ordinary, subnormal products, subnormal itself, overflow
SCALES = [0x3D4CCCCD, 0x00800001, 0x00000123, 0x7F7FFFFF, 0x3F800000, 0x34000000]


def _files() -> Iterator[tuple[str, bytes]]:
    for number, entry in enumerate(QUANTIZERS):
        dtype = "s16" if number % 3 == 2 else "s8"
        zero_point = [0, -128, 127][number % 3]
        x = [*patterns(), *halves(*entry[:2])]
        yield from _vector(
            f"f{number}", dtype, zero_point, [entry], x, SCALES[number % len(SCALES)]
        )
    # one entry per element of the last axis
    x = patterns()[: 7 * len(QUANTIZERS)] + patterns()[-50 * len(QUANTIZERS) :]
    yield from _vector("channels", "s8", 3, QUANTIZERS, x, SCALES[0])


def _vector(
    name: str,
    dtype: str,
    zero_point: int,
    entries: list[tuple[int, int, int]],
    x: list[int],
    scale: int,
) -> Iterator[tuple[str, bytes]]:
    """A model that passes its input on, what it is fed, and what it gives."""
    channels = len(entries)
    shape = (len(x) // channels, channels)
    real = struct.unpack("<f", struct.pack("<I", scale))[0]
    tensors = (
        TensorSpec(
            shape,
            dtype,
            zero_point,
            real,
            name="x",
            quantizer=QuantizerSpec(*zip(*entries, strict=True)),
        ),
        TensorSpec(shape, dtype, zero_point, real, name="y"),
    )
    model = ModelSpec(tensors, (NodeSpec("reshape", (0,), (1,)),), (0,), (1,), 0)
    index = DTYPE_NAMES.index(dtype)
    integers = [
        quantize(bits, *entries[i % channels], zero_point, *DTYPE_RANGES[index])
        for i, bits in enumerate(x)
    ]
    floats = [dequantize(scale, q - zero_point) for q in integers]
    yield f"{name}.tinf", write_model(apply_plan(model, plan_memory(model)))
    yield f"{name}.in", struct.pack(f"<{len(x)}I", *x)
    yield f"{name}.int", array(DTYPE_CODES[index], integers).tobytes()
    yield f"{name}.out", struct.pack(f"<{len(x)}I", *floats)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return dict(_files())


def test_floats(target: Target, files: dict[str, bytes]) -> None:
    printed = target.run(SCRIPT, files)
    assert printed.strip() == f"right {len(QUANTIZERS) + 1}"
