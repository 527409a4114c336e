"""add (SPEC.md): y = zp_y + mbqm(s_x + s_k), both inputs brought to one scale with headroom."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import multiply_by_quantized_multiplier as mbqm
from .arithmetic import requantize, wrap
from .broadcast import pairs_of_row


def check(node):
    node.types((S8, S16), (node.x.dtype,))
    node.fit(node.k.dtype == node.x.dtype)
    node.activation()
    node.broadcast()
    node.multiplier("x_multiplier", "x_shift")
    node.within("k_multiplier", -0x7FFFFFFF, 0x7FFFFFFF)
    node.within("k_shift", -31, 30)
    node.multiplier()
    node.within("left_shift", 0, 30)


def run(node, row0, row1):
    a, x, k, y = node.attributes, node.x, node.k, node.y
    out = array(DTYPE_CODES[y.dtype])
    low, high = a.activation_min, a.activation_max
    for row in range(row0, row1):
        for p, q in pairs_of_row(node, row):
            p = mbqm(wrap(p - x.zero_point << a.left_shift), a.x_multiplier, a.x_shift)
            q = mbqm(wrap(q - k.zero_point << a.left_shift), a.k_multiplier, a.k_shift)
            out.append(requantize(p + q, a.multiplier, a.shift, y.zero_point, low, high))
    return out


def vectorized(node, x, k):
    from .vector import multiply_by_quantized_multiplier, np, requantize, wrap

    a, y = node.attributes, node.y
    x = wrap(x.astype(np.int64) - node.x.zero_point << a.left_shift)
    k = wrap(k.astype(np.int64) - node.k.zero_point << a.left_shift)
    x = multiply_by_quantized_multiplier(x, a.x_multiplier, a.x_shift)
    k = multiply_by_quantized_multiplier(k, a.k_multiplier, a.k_shift)
    return requantize(
        x + k, a.multiplier, a.shift, y.zero_point, a.activation_min, a.activation_max
    )
