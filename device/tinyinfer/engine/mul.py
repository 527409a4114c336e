"""mul (SPEC.md): y = zp_y + mbqm((x - zp_x) * (k - zp_k))."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import requantize
from .broadcast import pairs_of_row


def check(node):
    node.types((S8, S16), (node.x.dtype,))
    node.fit(node.k.dtype == node.x.dtype)
    node.activation()
    node.broadcast()
    node.multiplier()


def run(node, row0, row1):
    a, x, k, y = node.attributes, node.x, node.k, node.y
    out = array(DTYPE_CODES[y.dtype])
    low, high = a.activation_min, a.activation_max
    for row in range(row0, row1):
        for p, q in pairs_of_row(node, row):
            product = (p - x.zero_point) * (q - k.zero_point)
            out.append(requantize(product, a.multiplier, a.shift, y.zero_point, low, high))
    return out


def vectorized(node, x, k):
    from .vector import np, requantize

    a, y = node.attributes, node.y
    product = (x.astype(np.int64) - node.x.zero_point) * (k.astype(np.int64) - node.k.zero_point)
    return requantize(
        product, a.multiplier, a.shift, y.zero_point, a.activation_min, a.activation_max
    )
