"""normalize (SPEC.md): the last axis over its root of squares, with factor and offset."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16, S32
from .arithmetic import requantize, wrap


def check(node):
    x, k, y = node.x, node.k, node.y
    node.types((S8, S16), (x.dtype,))
    node.fit((x.n, x.h, x.w, x.c) == (y.n, y.h, y.w, y.c) and x.c <= 1 << 16)
    node.fit(k.constant and k.dtype == S32 and len(k.data) >= k.bytes)
    node.fit((k.n, k.h, k.w, k.c) == (1, 1, x.c, 2))
    node.within("centred", 0, 1)
    node.within("epsilon", 0, 0x7FFFFFFF)
    node.within("epsilon_shift", 0, 24)
    node.multiplier()


def fraction_bits(node):
    return 7 if node.x.dtype == S8 else 3


def _high_mul(a, b):
    return a * b + 0x40000000 >> 31


def reciprocal_root(squares):
    """(root, exponent): 1 / sqrt(squares) = root / 2^29 / 2^exponent."""
    if squares == 0:
        return 0, 1
    exponent = 16
    while squares >> 32:
        squares >>= 2
        exponent += 1
    while not squares >> 30:
        squares <<= 2
        exponent -= 1
    m = squares >> 1
    root = 1181116006 - _high_mul(m, 671088640)
    for _ in range(4):
        product = _high_mul(m, _high_mul(root, root))
        root = 8 * _high_mul(root, 402653184 - product)
    return root, exponent


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values, params = x.values(), node.k.values()
    bits = fraction_bits(node)
    out = array(DTYPE_CODES[y.dtype])
    for row in range(row0, row1):
        of_row = values[row * x.c : (row + 1) * x.c]
        mean = x.zero_point << bits
        if a.centred:
            whole, rest = divmod(sum(of_row), x.c)
            mean = (whole << bits) + ((rest << bits) + x.c // 2) // x.c
        d = [(value << bits) - mean for value in of_row]
        squares = sum(value * value for value in d) + (a.epsilon << a.epsilon_shift)
        root, exponent = reciprocal_root(squares)
        for c in range(x.c):
            share = _high_mul(d[c] << 30 - exponent, root)
            total = wrap((share * params[2 * c] + 4096 >> 13) + params[2 * c + 1])
            out.append(requantize(total, a.multiplier, a.shift, y.zero_point, y.low, y.high))
    return out


def vectorized(node, x, k):
    from .vector import np, requantize, wrap

    a, y = node.attributes, node.y
    bits = fraction_bits(node)
    x = x.astype(np.int64)
    mean = node.x.zero_point << bits
    if a.centred:
        total, count = x.sum(axis=-1, keepdims=True), node.x.c
        mean = (total // count << bits) + ((total % count << bits) + count // 2) // count
    d = (x << bits) - mean
    squares = (d * d).sum(axis=-1) + (a.epsilon << a.epsilon_shift)
    pairs = [reciprocal_root(value) for value in squares.reshape(-1).tolist()]
    root, exponent = np.array(pairs, np.int64).T.reshape(2, *squares.shape, 1)
    share = (d << 30 - exponent) * root + (1 << 30) >> 31
    factor, offset = k.reshape(-1, 2).astype(np.int64).T
    total = wrap((share * factor + 4096 >> 13) + offset)
    return requantize(total, a.multiplier, a.shift, y.zero_point, y.low, y.high)
