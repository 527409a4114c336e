"""quantize (SPEC.md): change of scale, zero point or type; multiplier 0 only shifts and clamps."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import requantize, wrap


def check(node):
    x, y = node.x, node.y
    node.types((S8, S16), (S8, S16))
    node.activation()
    node.multiplier()
    node.fit((x.n, x.h, x.w, x.c) == (y.n, y.h, y.w, y.c))


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values = x.values()
    out = array(DTYPE_CODES[y.dtype])
    for at in range(node.first(row0), node.first(row1)):
        value = values[at] - x.zero_point
        if a.multiplier:
            value = requantize(
                value, a.multiplier, a.shift, y.zero_point, a.activation_min, a.activation_max
            )
        else:
            value = min(max(wrap(value + y.zero_point), a.activation_min), a.activation_max)
        out.append(value)
    return out


def vectorized(node, x):
    from .vector import np, requantize, wrap

    a, y = node.attributes, node.y
    x = x.astype(np.int64) - node.x.zero_point
    if a.multiplier:
        return requantize(
            x, a.multiplier, a.shift, y.zero_point, a.activation_min, a.activation_max
        )
    return np.clip(wrap(x + y.zero_point), a.activation_min, a.activation_max)
