"""The plain path's arithmetic against exact rational numbers: the sweeps take it as given."""

import itertools
import math
import random
import struct
from fractions import Fraction

import numpy as np
import pytest
from tinyinfer.engine import arithmetic, float_bits, vector
from tinyinfer.model_file import DTYPE_RANGES, S8, S16, Tensor, crc32

LIMITS = [0, 1, -1, 2, 127, -128, 1 << 30, -(1 << 30), (1 << 31) - 1, -(1 << 31), 1 - (1 << 31)]
MULTIPLIERS = [0, 1, (1 << 29) + 1, 1 << 30, 1518500250, (1 << 31) - 1]


def _half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def _half_away(value: Fraction) -> int:
    return _half_up(value) if value >= 0 else -_half_up(-value)


def _wrap(value: int) -> int:
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def _exact_mbqm(a: int, m: int, shift: int) -> int:
    """SPEC.md's two roundings: ties of the product go up, ties of the shift away from zero."""
    if m < 0:
        return -_exact_mbqm(a, -m, shift)
    high = _half_up(Fraction(_wrap(a * 2 ** max(shift, 0)) * m, 1 << 31))
    return _half_away(Fraction(high, 2 ** max(-shift, 0)))


def _mbqm_cases() -> list[tuple[int, int, int]]:
    rng = random.Random(1)
    cases = list(itertools.product(LIMITS, MULTIPLIERS, range(-31, 31)))
    for _ in range(3000):
        a = rng.randrange(-(1 << 31), 1 << 31) >> rng.randrange(32)
        cases.append((a, rng.randrange(-(1 << 31) + 1, 1 << 31), rng.randrange(-31, 31)))
    return cases


def test_multiply_by_quantized_multiplier() -> None:
    cases = _mbqm_cases()
    expected = [_exact_mbqm(*case) for case in cases]
    assert [arithmetic.multiply_by_quantized_multiplier(*case) for case in cases] == expected
    a, m, shift = np.array(cases, np.int64).T
    assert vector.multiply_by_quantized_multiplier(a, m, shift).tolist() == expected


def test_multiply_rounds_twice() -> None:
    """4 * 0.625 / 2 is 1.25: first to 3, then to 2, where a single rounding would give 1."""
    assert arithmetic.multiply_by_quantized_multiplier(4, 1342177280, -1) == 2
    assert arithmetic.multiply_by_quantized_multiplier(-4, 1342177280, -1) == -1


def test_div_round_to_zero() -> None:
    for a, b in itertools.product(range(-20, 21), range(1, 7)):
        assert arithmetic.div_round_to_zero(a, b) == int(Fraction(a, b))


# Floats


def _pattern(value: float) -> int:
    return struct.unpack("<I", struct.pack("<f", value))[0]


def patterns() -> list[int]:
    """Every exponent with the least, the largest and some other fractions, both signs; NaN."""
    rng = random.Random(2)
    fractions = [0, 1, 0x400000, 0x7FFFFF, *(rng.getrandbits(23) for _ in range(3))]
    return [
        sign << 31 | exponent << 23 | fraction
        for sign in (0, 1)
        for exponent in range(256)
        for fraction in fractions
    ]


def halves(m: int, shift: int) -> list[int]:
    """Numbers half-way between two integers, and their neighbours."""
    if m == 0:
        return []
    numbers = [math.ldexp((2 * i + 1) / 2, 31 - shift) / m for i in range(-200, 200, 7)]
    return [_pattern(x) + d for x in numbers if 2e-38 < abs(x) < 3e38 for d in (-1, 0, 1)]


def _exact_quantize(bits: int, m: int, shift: int, offset: int, tensor: Tensor) -> int:
    x = struct.unpack("<f", struct.pack("<I", bits))[0]
    low, high = DTYPE_RANGES[tensor.dtype]
    if math.isnan(x):
        return tensor.zero_point
    if math.isinf(x):
        x = math.copysign(2.0**128, x)
    steps = abs(Fraction(x)) * m * Fraction(2) ** (shift - 31) * (1 << 14)
    steps = min(math.floor(steps), 1 << 30)
    value = (-steps if bits >> 31 else steps) + offset
    q = tensor.zero_point + _half_away(Fraction(value, 1 << 14))
    return min(max(q, low), high)


QUANTIZERS = [
    (1 << 30, 1, 0),
    (1717986918, 4, 0),
    (1431655765, -3, 5461),
    ((1 << 31) - 1, 8, -(1 << 29)),
    (1 << 30, 130, 1 << 29),
    (1999999999, -120, 123456),
    (0, 0, -8192),
    (1234567890, 160, -1),
    (1234567890, -160, 8192),
]


@pytest.mark.parametrize(("m", "shift", "offset"), QUANTIZERS)
@pytest.mark.parametrize(("dtype", "zero_point"), [(S8, 0), (S8, -128), (S8, 127), (S16, -5)])
def test_quantize(m: int, shift: int, offset: int, dtype: int, zero_point: int) -> None:
    tensor = Tensor("", (1,), dtype, zero_point, 0, 0, 0.0, ((m,), (shift,), (offset,)))
    bits_in = [*patterns(), *halves(m, shift)]
    expected = [_exact_quantize(bits, m, shift, offset, tensor) for bits in bits_in]
    low, high = DTYPE_RANGES[dtype]
    plain = [
        float_bits.quantize(bits, m, shift, offset, zero_point, low, high) for bits in bits_in
    ]
    assert plain == expected
    one_each = np.array(bits_in, np.uint32)[:, None]
    assert vector.quantize_bits(one_each, tensor)[:, 0].tolist() == expected


def test_quantize_has_half_way_cases() -> None:
    """1/2 is 0.5: away from zero on both sides."""
    for x, q in ((0.5, 1), (-0.5, -1), (1.5, 2), (-1.5, -2), (0.49999997, 0)):
        assert float_bits.quantize(_pattern(x), 1 << 30, 1, 0, 0, -128, 127) == q


def test_dequantize() -> None:
    """Against binary64, which holds the product exactly, rounded by the machine."""
    rng = random.Random(3)
    differences = [0, 1, -1, 2, 3, 127, -128, 255, -255, 65535, -65535]
    differences += [rng.randrange(-70000, 70000) for _ in range(20)]
    scales = [bits for bits in patterns() if bits < 0x7F800000]
    with np.errstate(over="ignore"):
        for bits in scales:
            scale = np.array([bits], np.uint32).view(np.float32)
            tensor = Tensor("", (1,), S16, 0, 0, 0, float(scale[0]), None)
            product = scale.astype(np.float64) * np.array(differences, np.float64)
            expected = product.astype(np.float32).view(np.uint32)
            expected[np.array(differences) == 0] = 0
            expected[product == 0] = 0
            assert [float_bits.dequantize(bits, d) for d in differences] == expected.tolist()
            vectorized = vector.dequantize(np.array(differences), tensor)
            same = (vectorized.view(np.uint32) == expected) | (product == 0)
            assert same.all()


def test_dequantize_wide() -> None:
    """33 bits times 24 do not fit binary64: exact fractions judge."""
    rng = random.Random(4)
    for _ in range(2000):
        bits = rng.randrange(0x00800000, 0x60000000)
        d = rng.randrange(-(1 << 32), 1 << 32)
        scale = Fraction(struct.unpack("<f", struct.pack("<I", bits))[0])
        got = Fraction(struct.unpack("<f", struct.pack("<I", float_bits.dequantize(bits, d)))[0])
        below, above = (
            Fraction(float(np.nextafter(np.float32(float(got)), np.float32(to))))
            for to in (-np.inf, np.inf)
        )
        exact = scale * d
        assert abs(exact - got) <= min(abs(exact - below), abs(exact - above))


def test_crc32_without_binascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small MicroPython builds have no crc32: the model file's own."""
    import builtins
    import importlib.util
    import zlib

    import tinyinfer.model_file as with_binascii

    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "binascii":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    spec = importlib.util.spec_from_file_location("model_file_alone", with_binascii.__file__)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    data = random.Random(5).randbytes(1000)
    assert module.crc32 is not crc32
    assert module.crc32(data) == zlib.crc32(data)
    assert module.crc32(data[500:], module.crc32(data[:500])) == zlib.crc32(data)
