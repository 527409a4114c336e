"""fully_connected (SPEC.md): y[row, o] = zp_y + mbqm(bias + sum of x * w), weights [oc, c]."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import align, ceil_div, dot, requantize
from .layouts import params, quads, quads_bytes


def check(node):
    x, k, y = node.x, node.k, node.y
    node.types((S8, S16), (S8, S16))
    node.fit(x.dtype == S8 or not x.constant)
    node.activation()
    node.fit(k.c == x.c and k.count == y.c * x.c and x.count // x.c == y.count // y.c)
    rows = align(y.c, 4)
    node.weights(rows, quads_bytes(k.dtype, rows, x.c))


def first(node, row):
    """Rows are blocks of 4 channels of one pixel."""
    blocks = ceil_div(node.y.c, 4)
    return row // blocks * node.y.c + min(row % blocks * 4, node.y.c)


def run(node, row0, row1):
    a, x, k, y = node.attributes, node.x, node.k, node.y
    values = x.values()
    start = first(node, row0)
    out = array(DTYPE_CODES[y.dtype])
    for at in range(start, first(node, row1)):
        o = at % y.c
        weights = quads(k, o, x.c)
        bias, m, shift = params(node.inputs[2], o)
        base = at // y.c * x.c
        acc = bias + dot(values[base : base + x.c], weights)
        out.append(requantize(acc, m, shift, y.zero_point, a.activation_min, a.activation_max))
    return out


def constants(node):
    from .vector import np, params_of

    weights = [quads(node.k, o, node.x.c) for o in range(node.y.c)]
    return np.array(weights, np.int8).T, params_of(node, range(node.y.c))


def vectorized(node, x, *_packed):
    from .vector import dot, requantize

    a, y = node.attributes, node.y
    weights, (bias, m, shift) = node.constants()
    acc = bias + dot(x, weights)
    return requantize(acc, m, shift, y.zero_point, a.activation_min, a.activation_max)
