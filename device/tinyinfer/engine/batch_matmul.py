"""batch_matmul (SPEC.md): products of stacks of matrices, which may both be computed."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import requantize
from .broadcast import strides


def check(node):
    x, k, y = node.x, node.k, node.y
    node.types((S8, S16), (x.dtype,))
    node.fit(k.dtype == x.dtype)
    node.within("transposed", 0, 1)
    node.within("sum_shift", 0, 0 if x.dtype == S8 else 31)
    node.multiplier()
    node.activation()
    inner, columns = (k.c, k.w) if node.attributes.transposed else (k.w, k.c)
    node.fit((y.w, y.c) == (x.w, columns) and x.c == inner)
    for p, q, o in ((x.n, k.n, y.n), (x.h, k.h, y.h)):
        node.fit(o == max(p, q) and p in (1, o) and q in (1, o))


def run(node, row0, row1):
    a, x, k, y = node.attributes, node.x, node.k, node.y
    xs, ks = x.values(), k.values()
    next_column, next_term = (k.c, 1) if a.transposed else (1, k.c)
    half = 1 << a.sum_shift >> 1
    out = array(DTYPE_CODES[y.dtype])
    for row in range(row0, row1):
        image, h, w = row // y.w // y.h, row // y.w % y.h, row % y.w
        x_at, k_at = (s[0] * image + s[1] * h for s in (strides(x), strides(k)))
        x_at += w * x.c
        left = [value - x.zero_point for value in xs[x_at : x_at + x.c]]
        for column in range(y.c):
            at = k_at + column * next_column
            total = half
            for p in left:
                total += p * (ks[at] - k.zero_point)
                at += next_term
            total >>= a.sum_shift
            low, high = a.activation_min, a.activation_max
            out.append(requantize(total, a.multiplier, a.shift, y.zero_point, low, high))
    return out


def vectorized(node, x, k):
    from .vector import np, requantize

    a, y = node.attributes, node.y
    x, k = x.astype(np.int64) - node.x.zero_point, k.astype(np.int64) - node.k.zero_point
    if a.transposed:
        k = k.swapaxes(-1, -2)
    total = x @ k + (1 << a.sum_shift >> 1) >> a.sum_shift
    return requantize(
        total, a.multiplier, a.shift, y.zero_point, a.activation_min, a.activation_max
    )
