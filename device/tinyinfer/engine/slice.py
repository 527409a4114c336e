"""slice (SPEC.md): y[i0, ..., i5] = x[begin_j + i_j * step_j]."""

from array import array

from ..model_file import DTYPE_CODES


def _view(node):
    """(begin, step) of each axis."""
    a = node.attributes
    return (
        (a.begin_0, a.step_0),
        (a.begin_1, a.step_1),
        (a.begin_2, a.step_2),
        (a.begin_3, a.step_3),
        (a.begin_4, a.step_4),
        (a.begin_5, a.step_5),
    )


def check(node):
    x, y = node.x, node.y
    node.fit(x.dtype == y.dtype)
    for (begin, step), size, count in zip(_view(node), x.shape, y.shape):
        node.fit(0 <= begin < size and 0 <= begin + (count - 1) * step < size)


def run(node, row0, row1):
    x, y = node.x, node.y
    values, view = x.values(), _view(node)
    out = array(DTYPE_CODES[y.dtype])
    for at in range(node.first(row0), node.first(row1)):
        source, stride = 0, 1
        for axis in (5, 4, 3, 2, 1, 0):
            begin, step = view[axis]
            source += (begin + at % y.shape[axis] * step) * stride
            stride *= x.shape[axis]
            at //= y.shape[axis]
        out.append(values[source])
    return out


def vectorized(node, x):
    from .vector import np

    y = x.reshape((len(x),) + node.x.shape)
    for axis, (begin, step) in enumerate(_view(node)):
        y = y.take(begin + step * np.arange(node.y.shape[axis]), 1 + axis)
    return y
