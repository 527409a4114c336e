"""maximum (SPEC.md): the greater of two elements."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .broadcast import pairs_of_row


def check(node):
    node.types((S8, S16), (node.x.dtype,))
    node.fit(node.k.dtype == node.x.dtype)
    node.broadcast()


def run(node, row0, row1):
    out = array(DTYPE_CODES[node.y.dtype])
    for row in range(row0, row1):
        for p, q in pairs_of_row(node, row):
            out.append(max(p, q))
    return out


def vectorized(node, x, k):
    from .vector import np

    return np.maximum(x, k)
