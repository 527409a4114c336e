"""conv_2d (SPEC.md): y = zp_y + mbqm(bias + sum of x * w), weights [oc, kh, kw, c / groups]."""

from array import array

from ..model_file import DTYPE_BITS, DTYPE_CODES
from .arithmetic import align, dot, requantize
from .layouts import pairs, pairs_bytes, pairs_row, params


def check(node):
    x, k, y = node.x, node.k, node.y
    node.filtered()
    node.activation()
    node.window(k.h, k.w)
    node.fit(k.n == y.c and x.c % k.c == 0 and y.c % (x.c // k.c) == 0)
    node.fit(k.h * k.w * k.c <= 1 << 16)
    groups = x.c // k.c
    rows = groups * align(y.c // groups, 2)
    node.weights(rows, pairs_bytes(k.dtype, rows, k.h * k.w * k.c))


def _window(node, oh, ow, n, group):
    """The inputs under one output pixel, in the order of the taps."""
    a, x, k = node.attributes, node.x, node.k
    values = x.values()
    border = array(DTYPE_CODES[x.dtype], [x.zero_point] * k.c)
    out = array(DTYPE_CODES[x.dtype])
    for ky in range(k.h):
        h = oh * a.stride_h - a.pad_top + ky * a.dilation_h
        for kx in range(k.w):
            w = ow * a.stride_w - a.pad_left + kx * a.dilation_w
            if 0 <= h < x.h and 0 <= w < x.w:
                start = ((n * x.h + h) * x.w + w) * x.c + group * k.c
                out.extend(values[start : start + k.c])
            else:
                out.extend(border)
    return out


def run(node, row0, row1):
    a, x, k, y = node.attributes, node.x, node.k, node.y
    groups = x.c // k.c
    of_group = y.c // groups
    taps = k.h * k.w * k.c
    size = DTYPE_BITS[y.dtype] // 8
    out = array(DTYPE_CODES[y.dtype], bytes((row1 - row0) * y.w * y.c * size))
    for group in range(groups):
        windows = [
            _window(node, row % y.h, ow, row // y.h, group)
            for row in range(row0, row1)
            for ow in range(y.w)
        ]
        for o in range(group * of_group, (group + 1) * of_group):
            weights = pairs(k, pairs_row(node, o), taps)
            bias, m, shift = params(node.inputs[2], pairs_row(node, o))
            at = o
            for window in windows:
                acc = bias + dot(window, weights)
                out[at] = requantize(
                    acc, m, shift, y.zero_point, a.activation_min, a.activation_max
                )
                at += y.c
    return out


def constants(node):
    """Weights [taps, oc] and params."""
    from .vector import np, params_of

    rows = [pairs_row(node, o) for o in range(node.y.c)]
    taps = node.k.h * node.k.w * node.k.c
    return np.array([pairs(node.k, row, taps) for row in rows], np.int8).T, params_of(node, rows)


def vectorized(node, x, *_packed):
    from .vector import dot, np, padded, requantize, taps

    a, k, y = node.attributes, node.k, node.y
    groups = node.x.c // k.c
    weights, (bias, m, shift) = node.constants()
    x = padded(node, x, k.h, k.w, node.x.zero_point)
    of_group = y.c // groups
    sums = []
    for group in range(groups):
        part = x[..., group * k.c : (group + 1) * k.c]
        columns = np.concatenate(list(taps(node, part, k.h, k.w)), axis=-1)
        sums.append(dot(columns, weights[:, group * of_group : (group + 1) * of_group]))
    acc = bias + np.concatenate(sums, axis=-1)
    return requantize(acc, m, shift, y.zero_point, a.activation_min, a.activation_max)
