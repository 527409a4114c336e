"""top_k (SPEC.md): the largest or smallest of the last axis in order, or their indices."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16, S32


def check(node):
    x, y = node.x, node.y
    node.within("minimum", 0, 1)
    node.within("indices", 0, 1)
    node.types((S8, S16), (S32 if node.attributes.indices else x.dtype,))
    node.fit((x.n, x.h, x.w) == (y.n, y.h, y.w) and y.c <= x.c)


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values = x.values()
    sign = 1 if a.minimum else -1
    out = array(DTYPE_CODES[y.dtype])
    for pixel in range(row0 * y.w, row1 * y.w):
        first = pixel * x.c
        order = sorted(range(x.c), key=lambda c: (sign * values[first + c], c))
        for c in order[: y.c]:
            out.append(c if a.indices else values[first + c])
    return out


def vectorized(node, x):
    from .vector import np

    a = node.attributes
    keys = x.astype(np.int64) if a.minimum else -x.astype(np.int64)
    order = np.argsort(keys, axis=-1, kind="stable")[..., : node.y.c]
    return order if a.indices else np.take_along_axis(x, order, -1)
