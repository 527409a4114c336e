"""gather (SPEC.md): y[..., j, ...] = x[..., indices[j], ...] along one axis."""

from array import array

from ..model_file import DTYPE_CODES, S16, S32
from .node import span


def check(node):
    x, k, y = node.x, node.k, node.y
    node.fit(x.dtype == y.dtype)
    node.within("axis", 0, 5)
    axis = node.attributes.axis
    node.fit(x.shape[:axis] + x.shape[axis + 1 :] == y.shape[:axis] + y.shape[axis + 1 :])
    node.fit(k.dtype in (S16, S32))
    node.fit(k.count == y.shape[axis])


def _index(index, size):
    return index if 0 <= index < size else 0


def run(node, row0, row1):
    x, y = node.x, node.y
    axis = node.attributes.axis
    values, indices = x.values(), node.k.values()
    inner = span(x.shape, axis + 1)
    out = array(DTYPE_CODES[y.dtype])
    for at in range(node.first(row0), node.first(row1)):
        rest, place = divmod(at, inner)
        outer, j = divmod(rest, y.shape[axis])
        index = _index(indices[j], x.shape[axis])
        out.append(values[(outer * x.shape[axis] + index) * inner + place])
    return out


def vectorized(node, x, k):
    from .vector import np

    axis = node.attributes.axis
    x, k = x.reshape((len(x),) + node.x.shape), k.reshape(len(k), -1)
    k = np.where((k < 0) | (k >= node.x.shape[axis]), 0, k)
    if len(k) == 1:
        return x.take(k[0], 1 + axis)
    if len(x) == 1:
        return np.moveaxis(x[0].take(k, axis), axis, 0)
    return np.stack([one.take(indices, axis) for one, indices in zip(x, k)])
