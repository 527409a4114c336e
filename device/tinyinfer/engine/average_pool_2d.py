"""average_pool_2d (SPEC.md): rounded mean at the input's scale, or the sum requantized."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import div_round_to_zero, requantize
from .window import inside


def check(node):
    a, x, y = node.attributes, node.x, node.y
    node.types((S8, S16), (x.dtype,))
    node.fit(x.dtype == S8 or not x.constant)
    node.activation()
    node.window(a.kernel_h, a.kernel_w)
    node.multiplier()
    node.fit(x.c == y.c)


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values = x.values()
    out = array(DTYPE_CODES[y.dtype])
    for row in range(row0, row1):
        for ow in range(y.w):
            rows, columns = inside(node, row, ow)
            count = len(rows) * len(columns)
            for c in range(x.c):
                total = 0
                for h in rows:
                    for w in columns:
                        total += values[(h * x.w + w) * x.c + c]
                if a.multiplier:
                    mean = requantize(
                        total - count * x.zero_point,
                        a.multiplier,
                        a.shift,
                        y.zero_point,
                        a.activation_min,
                        a.activation_max,
                    )
                else:
                    half = count // 2
                    total += half if total > 0 else -half
                    mean = div_round_to_zero(total, count) if count else 0
                    mean = min(max(mean, a.activation_min), a.activation_max)
                out.append(mean)
    return out


def vectorized(node, x):
    from .vector import np, padded, requantize, taps

    a, y = node.attributes, node.y
    x = x.astype(np.int64)
    # outside counts 0; what is summed is x - zero_point, or x and the number of inputs
    offset = node.x.zero_point if a.multiplier else 0
    seen = padded(node, x - offset, a.kernel_h, a.kernel_w, 0)
    total = sum(taps(node, seen, a.kernel_h, a.kernel_w))
    if a.multiplier:
        return requantize(
            total, a.multiplier, a.shift, y.zero_point, a.activation_min, a.activation_max
        )
    ones = padded(node, np.ones_like(x[:1]), a.kernel_h, a.kernel_w, 0)
    count = sum(taps(node, ones, a.kernel_h, a.kernel_w))
    mean = np.where(total > 0, 1, -1) * ((abs(total) + count // 2) // np.maximum(count, 1))
    return np.clip(mean, a.activation_min, a.activation_max)
