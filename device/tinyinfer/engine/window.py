"""Pools: what lies inside of the window of one output pixel."""


def inside(node, row, ow):
    """Input rows (counted over all n) and columns under output row `row`, column `ow`."""
    a, x, y = node.attributes, node.x, node.y
    top = row % y.h * a.stride_h - a.pad_top
    left = ow * a.stride_w - a.pad_left
    plane = row // y.h * x.h
    rows = range(plane + max(top, 0), plane + min(top + a.kernel_h, x.h))
    return rows, range(max(left, 0), min(left + a.kernel_w, x.w))
