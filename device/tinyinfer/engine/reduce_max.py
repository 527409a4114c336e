"""reduce_max (SPEC.md): maximum or minimum over axes."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .reduction import axes, reduced


def check(node):
    node.types((S8, S16), (node.x.dtype,))
    node.reduction()
    node.within("minimum", 0, 1)


def run(node, row0, row1):
    best = min if node.attributes.minimum else max
    out = array(DTYPE_CODES[node.y.dtype])
    for values in reduced(node, row0, row1):
        out.append(best(values))
    return out


def vectorized(node, x):
    best = x.min if node.attributes.minimum else x.max
    return best(axis=axes(node), keepdims=True)
