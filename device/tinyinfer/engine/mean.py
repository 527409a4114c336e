"""mean (SPEC.md): y = zp_y + mbqm(sum over axes of (x - zp_x)), the count is in the multiplier."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import requantize
from .reduction import axes, reduced


def check(node):
    node.types((S8, S16), (node.x.dtype,))
    node.reduction()
    node.multiplier()


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    out = array(DTYPE_CODES[y.dtype])
    for values in reduced(node, row0, row1):
        total = sum(values) - len(values) * x.zero_point
        out.append(requantize(total, a.multiplier, a.shift, y.zero_point, y.low, y.high))
    return out


def vectorized(node, x):
    from .vector import np, requantize

    a, y = node.attributes, node.y
    total = (x.astype(np.int64) - node.x.zero_point).sum(axis=axes(node), keepdims=True)
    return requantize(total, a.multiplier, a.shift, y.zero_point, y.low, y.high)
