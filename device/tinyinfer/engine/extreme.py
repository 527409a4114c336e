"""Either of two elements: minimum and maximum."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .broadcast import pairs_of_row


def check(node):
    node.types((S8, S16), (node.x.dtype,))
    node.fit(node.k.dtype == node.x.dtype)
    node.broadcast()


def chosen(node, row0, row1, choose):
    out = array(DTYPE_CODES[node.y.dtype])
    for row in range(row0, row1):
        for p, q in pairs_of_row(node, row):
            out.append(choose(p, q))
    return out
