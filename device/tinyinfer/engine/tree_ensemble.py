"""tree_ensemble (SPEC.md): sums over the leaves that a row reaches in decision trees."""

from array import array

from ..model_file import DTYPE_CODES, S8, S16, S32
from .arithmetic import requantize


def check(node):
    x, y = node.x, node.y
    nodes, roots, leaves, bias = node.inputs[1:]
    node.types((S8, S16), (S8, S16))
    node.fit((x.n, x.h, x.w) == (y.n, y.h, y.w))
    for operand, dtype, columns in (
        (nodes, S16, 3),
        (roots, S32, 2),
        (leaves, S16, leaves.c),
        (bias, S32, y.c),
    ):
        node.fit(operand.constant and operand.dtype == dtype and operand.c == columns)
        node.fit(len(operand.data) >= operand.bytes)
    node.fit(bias.count == y.c)
    node.multiplier()
    values = nodes.values()
    count = nodes.count // 3
    for i in range(count):
        feature, _, right = values[3 * i : 3 * i + 3]
        if feature < 0:
            node.fit(0 <= _leaf(values, i) < leaves.count // leaves.c)
        else:
            # Children stand behind their parents.
            node.fit(feature < x.c and i + 1 < count and 1 <= right < count - i)
    values = roots.values()
    for i in range(0, len(values), 2):
        node.fit(0 <= values[i] < count and 0 <= values[i + 1] <= y.c - leaves.c)


def _leaf(values, i):
    """The leaf that a node with a negative feature is."""
    return values[3 * i + 1] & 0xFFFF | values[3 * i + 2] << 16


def run(node, row0, row1):
    a, x, y = node.attributes, node.x, node.y
    values = x.values()
    nodes, roots, leaves, bias = [operand.values() for operand in node.inputs[1:]]
    width = node.inputs[3].c
    out = array(DTYPE_CODES[y.dtype])
    for row in range(row0, row1):
        sums = list(bias)
        for tree in range(0, len(roots), 2):
            at, first = roots[tree], roots[tree + 1]
            while nodes[3 * at] >= 0:
                right = values[row * x.c + nodes[3 * at]] > nodes[3 * at + 1]
                at += nodes[3 * at + 2] if right else 1
            leaf = _leaf(nodes, at) * width
            for i in range(width):
                sums[first + i] += leaves[leaf + i]
        for total in sums:
            out.append(requantize(total, a.multiplier, a.shift, y.zero_point, y.low, y.high))
    return out


def constants(node):
    """Nodes and leaves as arrays."""
    from .vector import np

    nodes = np.array(node.inputs[1].values(), np.int64).reshape(-1, 3)
    leaf = (nodes[:, 1] & 0xFFFF) | nodes[:, 2] << 16
    leaves = np.array(node.inputs[3].values(), np.int64).reshape(-1, node.inputs[3].c)
    bias = np.array(node.inputs[4].values(), np.int64)
    return nodes, leaf, leaves, bias


def vectorized(node, x, *_packed):
    from .vector import np, requantize

    a, y = node.attributes, node.y
    nodes, leaf, leaves, bias = node.constants()
    rows = x.reshape(-1, node.x.c)
    sums = np.tile(bias, (len(rows), 1))
    roots = node.inputs[2].values()
    for root, first in zip(roots[::2], roots[1::2]):
        at = np.full(len(rows), root, np.int64)
        inner = np.flatnonzero(nodes[at, 0] >= 0)
        while len(inner):
            feature, threshold, right = nodes[at[inner]].T
            at[inner] += np.where(rows[inner, feature] > threshold, right, 1)
            inner = inner[nodes[at[inner], 0] >= 0]
        sums[:, first : first + leaves.shape[1]] += leaves[leaf[at]]
    result = requantize(sums, a.multiplier, a.shift, y.zero_point, y.low, y.high)
    return result.reshape(x.shape[:-1] + (y.c,))
