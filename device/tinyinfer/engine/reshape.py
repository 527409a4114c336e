"""reshape (SPEC.md): the same bytes under another shape."""


def check(node):
    node.fit(node.x.dtype == node.y.dtype and node.x.count == node.y.count)


def run(node, row0, row1):
    return bytes(node.x.data[: node.x.bytes]) if row1 > row0 else b""


def vectorized(node, x):
    return x
