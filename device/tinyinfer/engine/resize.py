"""resize (SPEC.md): weighted sums of neighbours, or copies of the nearest."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16
from .arithmetic import multiply_by_quantized_multiplier, wrap


def check(node):
    a, x, y = node.attributes, node.x, node.y
    node.types((S8, S16), (x.dtype,))
    node.within("column_shift", 0, 30)
    if a.multiplier:
        node.multiplier()
    else:
        node.within("shift", -30, 0)
    node.fit(x.n == y.n and x.c == y.c)
    rows, columns = node.inputs[1:]
    node.fit((rows.c == 1) == (columns.c == 1))
    for table, size, out in ((rows, x.h, y.h), (columns, x.w, y.w)):
        node.fit(table.constant and table.dtype == S16 and table.count == out * table.c)
        node.fit(table.w == out and table.c - 1 <= size and len(table.data) >= table.bytes)


def _entry(table, at, size):
    """First tap and weights of output `at`."""
    values, taps = table.values(), max(table.c - 1, 1)
    first = min(max(values[at * table.c], 0), size - taps)
    return first, values[at * table.c + 1 : (at + 1) * table.c]


def rounding_shift(a, shift):
    """RDP: half away from zero."""
    if shift == 0:
        return a
    half = 1 << shift - 1
    return a + half >> shift if a >= 0 else -(half - a >> shift)


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    rows, columns = node.inputs[1:]
    values = x.values()
    out = array(DTYPE_CODES[y.dtype])
    centre = x.zero_point if a.multiplier else 0
    for row in range(row0, row1):
        top, down = _entry(rows, row % y.h, x.h)
        top += row // y.h * x.h
        for ow in range(y.w):
            left, across = _entry(columns, ow, x.w)
            for c in range(x.c):
                if not down:
                    out.append(values[(top * x.w + left) * x.c + c])
                    continue
                total = 0
                for p in range(len(down)):
                    at = ((top + p) * x.w + left) * x.c + c
                    line = 0
                    for weight in across:
                        line += weight * (values[at] - centre)
                        at += x.c
                    total += down[p] * rounding_shift(wrap(line), a.column_shift)
                out.append(_output(node, wrap(total)))
    return out


def _output(node, total):
    a, y = node.attributes, node.y
    if a.multiplier:
        value = multiply_by_quantized_multiplier(total, a.multiplier, a.shift)
        value = wrap(value + y.zero_point)
    else:
        value = rounding_shift(total, -a.shift)
    return min(max(value, y.low), y.high)


def constants(node):
    """Per axis the taps [out, t] and their weights."""
    from .vector import np

    result = []
    for table, out, size in zip(node.inputs[1:], (node.y.h, node.y.w), (node.x.h, node.x.w)):
        entries = np.array(table.values(), np.int64).reshape(out, table.c)
        taps = max(table.c - 1, 1)
        first = np.clip(entries[:, :1], 0, size - taps)
        result.append((first + np.arange(taps), entries[:, 1:]))
    return result


def vectorized(node, x, *_tables):
    from .vector import np, requantize, wrap

    a, y = node.attributes, node.y
    (rows, down), (columns, across) = node.constants()
    if not down.size:
        return x[:, :, rows[:, 0]][:, :, :, columns[:, 0]]

    def shifted(total, shift):
        total = wrap(total)
        return np.sign(total) * (abs(total) + (1 << shift >> 1) >> shift)

    x = x.astype(np.int64) - (node.x.zero_point if a.multiplier else 0)
    line = sum(x[:, :, :, columns[:, q]] * across[:, q, None] for q in range(across.shape[1]))
    line = shifted(line, a.column_shift)
    total = sum(line[:, :, rows[:, p]] * down[:, p, None, None] for p in range(down.shape[1]))
    if a.multiplier:
        return requantize(total, a.multiplier, a.shift, y.zero_point, y.low, y.high)
    return np.clip(shifted(total, -a.shift), y.low, y.high)
