"""pad (SPEC.md): x at (before_n, before_h, before_w, before_c) in y, a constant elsewhere."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16


def check(node):
    x, y = node.x, node.y
    node.types((S8, S16), (x.dtype,))
    node.within("value", y.low, y.high)
    node.within("before_n", 0, y.n - x.n)
    node.within("before_h", 0, y.h - x.h)
    node.within("before_w", 0, y.w - x.w)
    node.within("before_c", 0, y.c - x.c)


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values = x.values()
    code = DTYPE_CODES[y.dtype]
    out = array(code, bytes(array(code, [a.value])) * ((row1 - row0) * y.w * y.c))
    for row in range(row0, row1):
        n, h = row // y.h - a.before_n, row % y.h - a.before_h
        if 0 <= n < x.n and 0 <= h < x.h:
            for w in range(x.w):
                source = ((n * x.h + h) * x.w + w) * x.c
                target = ((row - row0) * y.w + a.before_w + w) * y.c + a.before_c
                for c in range(x.c):
                    out[target + c] = values[source + c]
    return out


def vectorized(node, x):
    from .vector import np

    a, source, y = node.attributes, node.x, node.y
    return np.pad(
        x,
        [
            (0, 0),
            (a.before_n, y.n - source.n - a.before_n),
            (a.before_h, y.h - source.h - a.before_h),
            (a.before_w, y.w - source.w - a.before_w),
            (a.before_c, y.c - source.c - a.before_c),
        ],
        constant_values=a.value,
    )
