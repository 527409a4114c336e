"""concat (SPEC.md): the inputs one after the other along one axis."""

from array import array

from ..model_file import DTYPE_CODES
from .node import span


def check(node):
    y = node.y
    node.within("axis", 0, 5)
    axis = node.attributes.axis
    total = 0
    for x in node.inputs:
        node.fit(x.dtype == y.dtype)
        node.fit(x.shape[:axis] + x.shape[axis + 1 :] == y.shape[:axis] + y.shape[axis + 1 :])
        total += x.shape[axis]
    node.fit(total == y.shape[axis])


def run(node, row0, row1):
    y = node.y
    axis = node.attributes.axis
    parts = [span(x.shape, axis) for x in node.inputs]
    out = array(DTYPE_CODES[y.dtype])
    for at in range(node.first(row0), node.first(row1)):
        outer, place = divmod(at, span(y.shape, axis))
        i = 0
        while place >= parts[i]:
            place -= parts[i]
            i += 1
        out.append(node.inputs[i].values()[outer * parts[i] + place])
    return out


def vectorized(node, *inputs):
    from .vector import np

    samples = max(len(x) for x in inputs)
    parts = [
        np.broadcast_to(x, (samples,) + x.shape[1:]).reshape((samples,) + operand.shape)
        for x, operand in zip(inputs, node.inputs)
    ]
    return np.concatenate(parts, 1 + node.attributes.axis)
