"""toolchain/xtensa_runtime/floats.c against this machine's floats."""

import ctypes
import subprocess

import numpy as np
import pytest

from tests.kernels.programs import require
from toolchain import CHECKOUT

SOURCE = CHECKOUT / "toolchain/xtensa_runtime/floats.c"
# Calls each of the functions for whole arrays, by names that no compiler here calls by itself.
LOOPS = """
#include "floats.c"
#define EACH(name, arguments, type, value) \\
    void each_##name arguments { for (int i = 0; i < count; i++) { to[i] = value; } }
#define BINARY(name, type) \\
    EACH(name, (const float *a, const float *b, type *to, int count), type, name(a[i], b[i]))
#define UNARY(name, from, type) EACH(name, (const from *a, type *to, int count), type, name(a[i]))
BINARY(__addsf3, float) BINARY(__subsf3, float) BINARY(__mulsf3, float) BINARY(__divsf3, float)
BINARY(__eqsf2, int) BINARY(__nesf2, int) BINARY(__ltsf2, int) BINARY(__lesf2, int)
BINARY(__gtsf2, int) BINARY(__gesf2, int) BINARY(__unordsf2, int)
UNARY(__fixsfsi, float, int32_t) UNARY(__fixunssfsi, float, uint32_t)
UNARY(__fixsfdi, float, int64_t) UNARY(__fixunssfdi, float, uint64_t)
UNARY(__floatsisf, int32_t, float) UNARY(__floatunsisf, uint32_t, float)
UNARY(__floatdisf, int64_t, float) UNARY(__floatundisf, uint64_t, float)
UNARY(__extendsfdf2, float, double) UNARY(__truncdfsf2, double, float)
UNARY(__floatsidf, int32_t, double)
"""
SPECIAL = np.array(
    [0, 1, 2, 0x7FFFFF, 0x800000, 0x800001, 0x3F800000, 0x7F7FFFFF, 0x7F800000, 0x7FC00000],
    np.uint32,
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    require("cc")
    folder = tmp_path_factory.mktemp("floats")
    source, product = folder / "loops.c", folder / "floats.so"
    source.write_text(LOOPS)
    flags = ["-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", f"-I{SOURCE.parent}"]
    # The loader must not give these names to anybody else.
    flags.append("-Wl,-Bsymbolic")
    subprocess.run(["cc", *flags, "-o", product, source], check=True)
    return ctypes.CDLL(str(product))


def _floats(rng: np.random.Generator, count: int) -> np.ndarray:
    """Any bits, special ones with either sign, and numbers that lie close together."""
    special = np.concatenate([SPECIAL, SPECIAL | np.uint32(1 << 31)])
    bits = np.concatenate(
        [
            rng.integers(0, 1 << 32, count, np.uint32),
            rng.choice(special, count),
            rng.integers(0x3F000000, 0x41000000, count, np.uint32),
            rng.integers(0, 0x01000000, count, np.uint32),
        ]
    )
    return rng.permutation(bits).view(np.float32)


def _call(library: ctypes.CDLL, name: str, dtype: type, *arguments: np.ndarray) -> np.ndarray:
    to = np.zeros(len(arguments[0]), dtype)
    arrays = [np.ascontiguousarray(array) for array in (*arguments, to)]
    places = [ctypes.c_void_p(array.ctypes.data) for array in arrays]
    getattr(library, f"each_{name}")(*places, len(to))
    return arrays[-1]


def _same(found: np.ndarray, expected: np.ndarray) -> bool:
    """Bit by bit, but for what is in a NaN."""
    bits = f"u{found.itemsize}"
    both_nan = np.isnan(found) & np.isnan(expected)
    return bool(np.all(both_nan | (found.view(bits) == expected.view(bits))))


def test_arithmetic(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(1)
    a, b = _floats(rng, 50000), _floats(rng, 50000)
    with np.errstate(all="ignore"):
        expected = {"add": a + b, "sub": a - b, "mul": a * b, "div": a / b}
    for name, values in expected.items():
        assert _same(_call(library, f"__{name}sf3", np.float32, a, b), values), name


def test_comparisons(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(2)
    a, b = _floats(rng, 20000), _floats(rng, 20000)
    b[::5] = a[::5]
    # As GCC asks them.
    for name, test, expected in (
        ("eq", np.equal, a == b),
        ("ne", np.not_equal, a != b),
        ("lt", np.less, a < b),
        ("le", np.less_equal, a <= b),
        ("gt", np.greater, a > b),
        ("ge", np.greater_equal, a >= b),
        ("unord", np.not_equal, np.isnan(a) | np.isnan(b)),
    ):
        found = test(_call(library, f"__{name}sf2", np.int32, a, b), 0)
        assert np.array_equal(found, expected), name


def test_conversions(library: ctypes.CDLL) -> None:
    rng = np.random.default_rng(3)
    shifts = rng.integers(0, 64, 50000, np.uint64)
    wide = rng.integers(0, 1 << 64, 50000, np.uint64) >> shifts
    for name, dtype in (
        ("disf", np.int64),
        ("undisf", np.uint64),
        ("sisf", np.int32),
        ("unsisf", np.uint32),
    ):
        numbers = wide.astype(dtype)
        found = _call(library, f"__float{name}", np.float32, numbers)
        assert _same(found, numbers.astype(np.float32)), name
    numbers = wide.astype(np.int32)
    found = _call(library, "__floatsidf", np.float64, numbers)
    assert _same(found, numbers.astype(np.float64))
    for name, dtype, limit in (
        ("sfsi", np.int32, 2.0**31),
        ("unssfsi", np.uint32, 2.0**32),
        ("sfdi", np.int64, 2.0**63),
        ("unssfdi", np.uint64, 2.0**64),
    ):
        floats = wide.view(np.int64).astype(np.float32) * np.float32(0.3)
        floats = floats[np.abs(floats) < limit]
        floats = np.abs(floats) if "uns" in name else floats
        found = _call(library, f"__fix{name}", dtype, floats)
        assert np.array_equal(found, floats.astype(dtype)), name
    a = _floats(rng, 20000)
    with np.errstate(all="ignore"):
        assert _same(_call(library, "__extendsfdf2", np.float64, a), a.astype(np.float64))
        doubles = a.astype(np.float64) * (1 + rng.random(len(a)))
        expected = doubles.astype(np.float32)
    assert _same(_call(library, "__truncdfsf2", np.float32, doubles), expected)
