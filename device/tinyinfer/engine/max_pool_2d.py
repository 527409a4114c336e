"""max_pool_2d (SPEC.md): maximum of the inputs inside of the window."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .window import inside


def check(node):
    a, x, y = node.attributes, node.x, node.y
    node.types((S8, S16), (x.dtype,))
    node.fit(x.dtype == S8 or not x.constant)
    node.activation()
    node.window(a.kernel_h, a.kernel_w)
    node.fit(x.c == y.c)


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values = x.values()
    out = array(DTYPE_CODES[y.dtype])
    for row in range(row0, row1):
        for ow in range(y.w):
            rows, columns = inside(node, row, ow)
            for c in range(x.c):
                largest = a.activation_min
                for h in rows:
                    for w in columns:
                        value = values[(h * x.w + w) * x.c + c]
                        if value > largest:
                            largest = value
                out.append(min(largest, a.activation_max))
    return out


def vectorized(node, x):
    from .vector import np, padded, taps

    a = node.attributes
    x = padded(node, x, a.kernel_h, a.kernel_w, node.x.low)
    largest = np.maximum.reduce(list(taps(node, x, a.kernel_h, a.kernel_w)))
    return np.clip(largest, a.activation_min, a.activation_max)
