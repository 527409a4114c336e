"""mean (SPEC.md): y = zp_y + mbqm(sum over axes of (x - zp_x)), the count is in the multiplier."""

from array import array

from ..model_file import S8
from .arithmetic import requantize


def check(node):
    x, y = node.x, node.y
    node.types((S8,), (S8,))
    node.within("axes", 0, 15)
    node.multiplier()
    axes = node.attributes.axes
    for bit, size, kept in ((1, x.n, y.n), (2, x.h, y.h), (4, x.w, y.w), (8, x.c, y.c)):
        node.fit(kept == (1 if axes & bit else size))


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values = x.values()
    out = array("b")

    def span(bit, size, at):
        return range(size) if a.axes & bit else range(at, at + 1)

    for row in range(row0, row1):
        for ow in range(y.w):
            for oc in range(y.c):
                total = 0
                for n in span(1, x.n, row // y.h):
                    for h in span(2, x.h, row % y.h):
                        for w in span(4, x.w, ow):
                            for c in span(8, x.c, oc):
                                total += values[((n * x.h + h) * x.w + w) * x.c + c] - x.zero_point
                out.append(requantize(total, a.multiplier, a.shift, y.zero_point, y.low, y.high))
    return out


def vectorized(node, x):
    from .vector import np, requantize

    a, y = node.attributes, node.y
    axes = tuple(1 + i for i in range(4) if a.axes >> i & 1)
    total = (x.astype(np.int64) - node.x.zero_point).sum(axis=axes, keepdims=True)
    return requantize(total, a.multiplier, a.shift, y.zero_point, y.low, y.high)
