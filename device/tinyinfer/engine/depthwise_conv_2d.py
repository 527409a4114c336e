"""depthwise_conv_2d (SPEC.md): conv_2d whose output channel o sees input channel o / (oc / c)."""

from array import array

from ..model_file import DTYPE_BITS, DTYPE_CODES
from .arithmetic import requantize
from .layouts import params, planes, planes_bytes


def check(node):
    x, k, y = node.x, node.k, node.y
    node.filtered()
    node.activation()
    node.window(k.h, k.w)
    node.fit(k.n == y.c and k.c == 1 and y.c % x.c == 0)
    node.weights(y.c, planes_bytes(k.dtype, y.c, k.h * k.w))


def run(node, row0, row1):
    a, x, k, y = node.attributes, node.x, node.k, node.y
    values = x.values()
    size = DTYPE_BITS[y.dtype] // 8
    out = array(DTYPE_CODES[y.dtype], bytes((row1 - row0) * y.w * y.c * size))
    for o in range(y.c):
        weights = planes(k, o, k.h * k.w)
        bias, m, shift = params(node.inputs[2], o)
        channel = o // (y.c // x.c)
        at = o
        for row in range(row0, row1):
            plane = row // y.h * x.h
            top = row % y.h * a.stride_h - a.pad_top
            for ow in range(y.w):
                left = ow * a.stride_w - a.pad_left
                acc = bias
                t = 0
                for h in range(top, top + k.h * a.dilation_h, a.dilation_h):
                    start = (plane + h) * x.w
                    for w in range(left, left + k.w * a.dilation_w, a.dilation_w):
                        if 0 <= h < x.h and 0 <= w < x.w:
                            acc += values[(start + w) * x.c + channel] * weights[t]
                        else:
                            acc += x.zero_point * weights[t]
                        t += 1
                out[at] = requantize(
                    acc, m, shift, y.zero_point, a.activation_min, a.activation_max
                )
                at += y.c
    return out


def constants(node):
    from .vector import np, params_of

    taps = node.k.h * node.k.w
    weights = [planes(node.k, o, taps) for o in range(node.y.c)]
    return np.array(weights, np.int32).T, params_of(node, range(node.y.c))


def vectorized(node, x, *_packed):
    from .vector import np, padded, requantize, taps

    a, k, y = node.attributes, node.k, node.y
    weights, (bias, m, shift) = node.constants()
    x = padded(node, x, k.h, k.w, node.x.zero_point)
    acc = bias
    for seen, weight in zip(taps(node, x, k.h, k.w), weights):
        # one product fits in s32; their sum is taken in s64
        acc = acc + np.repeat(seen.astype(np.int32), y.c // node.x.c, axis=-1) * weight
    return requantize(acc, m, shift, y.zero_point, a.activation_min, a.activation_max)
