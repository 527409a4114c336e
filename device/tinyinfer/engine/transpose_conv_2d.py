"""transpose_conv_2d (SPEC.md): each phase of the output is a convolution of its own."""

from array import array

from ..model_file import DTYPE_CODES
from .arithmetic import align, ceil_div, dot, requantize
from .layouts import pairs, pairs_bytes, pairs_row, params

_MOST = 1 << 15


def check(node):
    a, x, k, y = node.attributes, node.x, node.k, node.y
    node.filtered()
    node.activation()
    for size, o, kernel, stride, pad in (
        (x.h, y.h, k.h, "stride_h", "pad_top"),
        (x.w, y.w, k.w, "stride_w", "pad_left"),
    ):
        node.within(stride, 1, _MOST)
        node.within(pad, 0, _MOST)
        node.fit(kernel <= _MOST)
        node.fit(o + getattr(a, pad) < size * getattr(a, stride) + kernel)
    node.fit(x.n == y.n and k.n == y.c and x.c % k.c == 0 and y.c % (x.c // k.c) == 0)
    node.fit(k.h * k.w * k.c <= 1 << 16)
    rows = _rows(node) * a.stride_h * a.stride_w
    node.weights(rows, 0)
    node.fit(_starts(node)[-1] <= len(k.data))


def _rows(node):
    """Padded channels of a phase."""
    groups = node.x.c // node.k.c
    return groups * align(node.y.c // groups, 2)


def _taps(kernel, stride, phase):
    return max(1, ceil_div(kernel - phase, stride))


def _starts(node):
    """Where the weights of each phase begin, and where the last ones end."""
    a, k = node.attributes, node.k
    starts = [0]
    for p in range(a.stride_h):
        for q in range(a.stride_w):
            taps = _taps(k.h, a.stride_h, p) * _taps(k.w, a.stride_w, q) * k.c
            starts.append(starts[-1] + pairs_bytes(k.dtype, _rows(node), taps))
    return starts


def run(node, row0, row1):
    a, x, k, y = node.attributes, node.x, node.k, node.y
    values, starts, rows = x.values(), _starts(node), _rows(node)
    of_group = y.c * k.c // x.c
    filters = {}
    out = array(DTYPE_CODES[y.dtype])
    for row in range(row0, row1):
        h, p = divmod(row % y.h + a.pad_top, a.stride_h)
        tall = _taps(k.h, a.stride_h, p)
        for ow in range(y.w):
            w, q = divmod(ow + a.pad_left, a.stride_w)
            wide = _taps(k.w, a.stride_w, q)
            phase = p * a.stride_w + q
            windows = [
                _window(node, values, row // y.h, (h - tall + 1, h + 1), (w - wide + 1, w + 1), g)
                for g in range(0, x.c, k.c)
            ]
            for o in range(y.c):
                if (phase, o) not in filters:
                    at = pairs_row(node, o)
                    weights = pairs(k, at, tall * wide * k.c, starts[phase])
                    filters[phase, o] = weights, params(node.inputs[2], phase * rows + at)
                weights, (bias, m, shift) = filters[phase, o]
                acc = bias + dot(windows[o // of_group], weights)
                out.append(
                    requantize(acc, m, shift, y.zero_point, a.activation_min, a.activation_max)
                )
    return out


def _window(node, values, n, rows, columns, channel):
    x, k = node.x, node.k
    out = array(DTYPE_CODES[x.dtype])
    border = array(DTYPE_CODES[x.dtype], [x.zero_point] * k.c)
    for h in range(*rows):
        for w in range(*columns):
            if 0 <= h < x.h and 0 <= w < x.w:
                start = ((n * x.h + h) * x.w + w) * x.c + channel
                out.extend(values[start : start + k.c])
            else:
                out.extend(border)
    return out


def constants(node):
    """Per phase weights [taps, oc] and params."""
    from .vector import np, params_of

    a, k, starts, result = node.attributes, node.k, _starts(node), []
    rows = [pairs_row(node, o) for o in range(node.y.c)]
    for p in range(a.stride_h):
        for q in range(a.stride_w):
            phase = len(result)
            taps = _taps(k.h, a.stride_h, p) * _taps(k.w, a.stride_w, q) * k.c
            weights = np.array([pairs(k, row, taps, starts[phase]) for row in rows], np.int8)
            of_phase = params_of(node, [phase * _rows(node) + row for row in rows])
            result.append((weights.T, of_phase))
    return result


def vectorized(node, x, *_packed):
    from .vector import dot, np, requantize

    a, k, y = node.attributes, node.k, node.y
    most_h, most_w = _taps(k.h, a.stride_h, 0), _taps(k.w, a.stride_w, 0)
    borders = [(0, 0), (0, 0), (most_h, most_h), (most_w, most_w), (0, 0)]
    x = np.pad(x, borders, constant_values=node.x.zero_point)
    result = np.empty(x.shape[:2] + (y.h, y.w, y.c), np.int64)

    def axis(phase, size, kernel, stride, pad, most):
        """First output of a phase, and what each of its outputs sees of x."""
        first = (phase - pad) % stride
        taps = _taps(kernel, stride, phase)
        begin = (np.arange(first, size, stride) + pad) // stride - taps + 1 + most
        return first, begin[:, None] + np.arange(taps)

    of_group = y.c * k.c // node.x.c
    for phase, (weights, (bias, m, shift)) in enumerate(node.constants()):
        p, q = divmod(phase, a.stride_w)
        oh, rows = axis(p, y.h, k.h, a.stride_h, a.pad_top, most_h)
        ow, columns = axis(q, y.w, k.w, a.stride_w, a.pad_left, most_w)
        seen = x[:, :, rows[:, None, :, None], columns[None, :, None, :]]
        sums = []
        for group in range(node.x.c // k.c):
            part = seen[..., group * k.c : (group + 1) * k.c]
            part = part.reshape(*part.shape[:4], len(weights))
            sums.append(dot(part, weights[:, group * of_group : (group + 1) * of_group]))
        acc = bias + np.concatenate(sums, axis=-1)
        result[:, :, oh :: a.stride_h, ow :: a.stride_w] = requantize(
            acc, m, shift, y.zero_point, a.activation_min, a.activation_max
        )
    return result
