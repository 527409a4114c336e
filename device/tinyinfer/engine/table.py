"""table (SPEC.md): y = table[x + 128]; of s16 between two of 513 entries."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16


def check(node):
    x, k, y = node.x, node.k, node.y
    node.types((S8, S16), (x.dtype,))
    node.fit(x.dtype == S8 or not x.constant)
    node.fit(k.constant and k.dtype == x.dtype and k.count == (256 if x.dtype == S8 else 513))
    node.fit((x.n, x.h, x.w, x.c) == (y.n, y.h, y.w, y.c))


def run(node, row0, row1):
    x, table = node.x.values(), node.k.values()
    out = array(DTYPE_CODES[node.y.dtype])
    for i in range(node.first(row0), node.first(row1)):
        out.append(table[x[i] + 128] if node.x.dtype == S8 else between(table, x[i]))
    return out


def between(table, x):
    """Of an s16 the entry before it, and of the way to the next one its share."""
    base, after = table[(x >> 7) + 256], table[(x >> 7) + 257]
    return base + ((after - base) * (x & 127) + 64 >> 7)


def vectorized(node, x, table):
    from .vector import np

    x, table = x.astype(np.int64), table.reshape(-1).astype(np.int64)
    return table[x + 128] if node.x.dtype == S8 else between(table, x)
