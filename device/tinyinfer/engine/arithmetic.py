"""SPEC.md, "Numbers", on Python integers: all the arithmetic of the plain path."""

try:
    from operator import mul

    def dot(a, b):
        return sum(map(mul, a, b))

except ImportError:  # MicroPython

    def dot(a, b):
        total = 0
        for i in range(len(b)):
            total += a[i] * b[i]
        return total


def align(size, to):
    return (size + to - 1) // to * to


def ceil_div(a, b):
    return (a + b - 1) // b


def wrap(a):
    """To 32-bit two's complement."""
    return (a + 0x80000000 & 0xFFFFFFFF) - 0x80000000


def multiply_by_quantized_multiplier(a, m, shift):
    if m < 0:
        return -multiply_by_quantized_multiplier(a, -m, shift)
    if shift > 0:
        a = wrap(a << shift)
    h = a * m + 0x40000000 >> 31
    if shift < 0:
        return h + (1 << -shift - 1) + (h >> 31) >> -shift
    return h


def requantize(acc, m, shift, zero_point, low, high):
    """zero_point + mbqm(acc), clamped."""
    value = wrap(zero_point + multiply_by_quantized_multiplier(wrap(acc), m, shift))
    return low if value < low else high if value > high else value


def div_round_to_zero(a, b):
    return a // b if a >= 0 else -(-a // b)
