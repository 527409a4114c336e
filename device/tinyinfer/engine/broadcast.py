"""Elementwise operators with two inputs: numpy broadcasting on the NHWC view."""


def strides(operand):
    """Distance in elements between neighbours along n, h, w, c; 0 where the size is 1."""
    sizes = (operand.n, operand.h, operand.w, operand.c)
    strides = [0, 0, 0, 0]
    step = 1
    for axis in (3, 2, 1, 0):
        if sizes[axis] > 1:
            strides[axis] = step
        step *= sizes[axis]
    return strides


def pairs_of_row(node, row):
    """The elements of both inputs for every element of an output row."""
    y = node.y
    sides = []
    for operand in (node.x, node.k):
        n, h, w, c = strides(operand)
        sides.append((operand.values(), row // y.h * n + row % y.h * h, w, c))
    (xs, x0, xw, xc), (ks, k0, kw, kc) = sides
    for w in range(y.w):
        for c in range(y.c):
            yield xs[x0 + w * xw + c * xc], ks[k0 + w * kw + c * kc]
