"""Pools: what lies inside of the window of one output pixel."""


def inside(node, row, ow):
    """Input rows (counted over all n) and columns under output row `row`, column `ow`."""
    a, x, y = node.attributes, node.x, node.y
    top = row % y.h * a.stride_h - a.pad_top
    left = ow * a.stride_w - a.pad_left
    plane = row // y.h * x.h
    rows = _taps(top, a.kernel_h, a.dilation_h, x.h)
    return [plane + h for h in rows], _taps(left, a.kernel_w, a.dilation_w, x.w)


def _taps(start, kernel, dilation, size):
    return [at for at in range(start, start + kernel * dilation, dilation) if 0 <= at < size]
