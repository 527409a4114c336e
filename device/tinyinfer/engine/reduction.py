"""Reductions over the axes that bits name: n, h, w, c."""


def reduced(node, row0, row1):
    """For every output element of the rows a list of what goes into it."""
    x, y = node.x, node.y
    values = x.values()
    bits = node.attributes.axes

    def span(bit, size, at):
        return range(size) if bits & bit else range(at, at + 1)

    for row in range(row0, row1):
        for ow in range(y.w):
            for oc in range(y.c):
                yield [
                    values[((n * x.h + h) * x.w + w) * x.c + c]
                    for n in span(1, x.n, row // y.h)
                    for h in span(2, x.h, row % y.h)
                    for w in span(4, x.w, ow)
                    for c in span(8, x.c, oc)
                ]


def axes(node):
    """Of an array [samples, n, h, w, c]."""
    return tuple(1 + i for i in range(4) if node.attributes.axes >> i & 1)
