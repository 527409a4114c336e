"""transpose (SPEC.md): y[i0, ..., i5] = x with axis perm_j at position i_j."""

from array import array

from ..model_file import DTYPE_CODES


def _permutation(node):
    a = node.attributes
    return a.perm_0, a.perm_1, a.perm_2, a.perm_3, a.perm_4, a.perm_5


def check(node):
    perm = _permutation(node)
    node.fit(node.x.dtype == node.y.dtype)
    node.fit(sorted(perm) == [0, 1, 2, 3, 4, 5])
    node.fit(node.y.shape == tuple(node.x.shape[axis] for axis in perm))


def run(node, row0, row1):
    x, y = node.x, node.y
    values = x.values()
    strides = [1] * 6
    for axis in (4, 3, 2, 1, 0):
        strides[axis] = strides[axis + 1] * x.shape[axis + 1]
    strides = [strides[axis] for axis in _permutation(node)]
    out = array(DTYPE_CODES[y.dtype])
    for at in range(node.first(row0), node.first(row1)):
        source = 0
        for axis in (5, 4, 3, 2, 1, 0):
            source += at % y.shape[axis] * strides[axis]
            at //= y.shape[axis]
        out.append(values[source])
    return out


def vectorized(node, x):
    shape = (x.shape[0],) + node.x.shape
    return x.reshape(shape).transpose([0] + [1 + axis for axis in _permutation(node)])
