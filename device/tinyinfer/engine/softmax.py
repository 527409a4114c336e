"""softmax (SPEC.md): over the last axis, in gemmlowp's fixed point."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import wrap


def check(node):
    x, y = node.x, node.y
    node.types((S8, S16), (x.dtype,))
    node.fit(x.dtype == S8 or not x.constant)
    node.within("multiplier", 0, 0x7FFFFFFF)
    node.within("shift", 0, 31)
    node.within("diff_min", -0x80000000, 0)
    node.fit((x.n, x.h, x.w, x.c) == (y.n, y.h, y.w, y.c) and x.c <= 4096)


def _srdhm(a, b):
    if a == b == -0x80000000:
        return 0x7FFFFFFF
    return a * b + 0x40000000 >> 31


def _rounding_divide_by_pot(a, n):
    if n == 0:
        return a
    return a + (1 << n - 1) + (a >> 31) >> n


def _saturating_left_shift(a, n):
    return min(max(a << n, -0x80000000), 0x7FFFFFFF)


def _exp_on_negative_values(a):
    if a == 0:
        return 0x7FFFFFFF
    quarter = (a & 0xFFFFFF) - 0x1000000
    t = _saturating_left_shift(quarter, 5) + 0x10000000
    t2 = _srdhm(t, t)
    t3 = _srdhm(t2, t)
    t4 = _srdhm(t2, t2)
    p = _srdhm(_rounding_divide_by_pot(t4, 2) + t3, 715827883)
    p = _rounding_divide_by_pot(p + t2, 1)
    e = wrap(1895147668 + _srdhm(1895147668, wrap(t + p)))
    rest = wrap(quarter - a)
    bit = 0x1000000
    for c in (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242):
        if rest & bit:
            e = _srdhm(e, c)
        bit <<= 1
    return e


def _reciprocal(s):
    """1 / s for s in Q12.19: Q0.31 and the number of bits over the unit."""
    zeros = 0
    while not s & 0x80000000:
        s <<= 1
        zeros += 1
    half = s >> 1
    x = 1515870810 + _srdhm(half, -1010580540)
    for _ in range(3):
        rest = 0x20000000 - _srdhm(half, x)
        x = wrap(x + _saturating_left_shift(_srdhm(x, rest), 2))
    return _saturating_left_shift(x, 1), 12 - zeros


# of a difference below diff_min: exponentials are never negative
_NONE = -1


def _exponentials(node, differences):
    """e(d) of each difference to the maximum, or _NONE, in an array: no object each."""
    a = node.attributes
    out = array("i")
    for d in differences:
        if d >= a.diff_min:
            out.append(_exp_on_negative_values(_srdhm(wrap(d << a.shift), a.multiplier)))
        else:
            out.append(_NONE)
    return out


def _probabilities(exponentials, dtype):
    """s8 counts from -128 in 256ths, s16 from 0 in 32768ths."""
    bits, low, high = (8, -128, 127) if dtype == S8 else (15, 0, 32767)
    total = 0
    for e in exponentials:
        if e != _NONE:
            total += _rounding_divide_by_pot(e, 12)
    reciprocal, over = _reciprocal(total)
    out = array(DTYPE_CODES[dtype])
    for e in exponentials:
        if e == _NONE:
            out.append(low)
        else:
            share = _rounding_divide_by_pot(_srdhm(reciprocal, e), over + 31 - bits)
            out.append(min(max(share + low, low), high))
    return out


def run(node, row0, row1):
    c = node.x.c
    values = node.x.values()
    out = array(DTYPE_CODES[node.y.dtype])
    for row in range(row0, row1):
        line = values[row * c : (row + 1) * c]
        largest = max(line)
        exponentials = _exponentials(node, (v - largest for v in line))
        out.extend(_probabilities(exponentials, node.y.dtype))
    return out


def constants(node):
    """e(d) of all differences of s8."""
    return _exponentials(node, range(0, -256, -1))


def vectorized(node, x):
    from .vector import np

    dtype = node.x.dtype
    lines = x.reshape(-1, node.x.c).astype(np.int64)
    lines = (lines.max(axis=-1, keepdims=True) - lines).tolist()
    if dtype == S8:
        exponentials = node.constants()
        return np.array([_probabilities([exponentials[d] for d in line], dtype) for line in lines])
    return np.array(
        [_probabilities(_exponentials(node, [-d for d in line]), dtype) for line in lines]
    )
