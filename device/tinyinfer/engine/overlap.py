"""SPEC.md, "Overlap": what of a node may share memory. The packer plans by the same distances.

This engine copies what it reads, so that no overlap can hurt; it refuses what others would.
"""


def check(node, scratch, file):
    """As the native engine does, of the kernels that run on any core."""
    needed = node.scratch_bytes()
    arena = file.arena_bytes
    if needed and (scratch % 4 or not file.state_bytes <= scratch <= arena - needed):
        _refuse(node)
    written = [(scratch, needed)] + [(y.offset, y.bytes) for y in node.outputs]
    read = [(x.offset, 0 if x.constant else x.bytes) for x in node.inputs]
    for i in range(len(written)):
        for other in written[i + 1 :]:
            if _meet(written[i], other):
                _refuse(node)
        for j in range(len(read)):
            lead = read[j][0] - written[i][0]
            if _meet(written[i], read[j]) and (i != 1 or not _allowed(node, j, lead)):
                _refuse(node)


def _refuse(node):
    raise ValueError("node %d: memory overlaps" % node.index)


def _meet(a, b):
    return a[1] and b[1] and a[0] < b[0] + b[1] and b[0] < a[0] + a[1]


def _allowed(node, index, lead):
    """Whether an input may begin `lead` bytes above output 0 and share memory with it."""
    x, y = node.inputs[index], node.y
    if lead < 0 or node.overlap is None:
        return False
    if node.overlap == "window":
        # Several outputs per input: the planes of x and y do not lie over each other.
        planes = node.op == "depthwise_conv_2d" and x.c != y.c
        whole = lead % (y.c * y.bits // 8) == 0
        return index == 0 and not planes and whole and lead >= least(x, y, node.attributes)
    more = y.bytes - x.bytes
    return x.bits == y.bits and (more == 0 or (node.overlap == "border" and lead >= more))


def least(x, y, a):
    """D of SPEC.md, of two images and an operator's strides and pads."""
    pixel_out, pixel_in = y.c * y.bits // 8, x.c * x.bits // 8
    row_out, row_in = y.w * pixel_out, x.w * pixel_in
    images = (y.n - 1) * (y.h * row_out - x.h * row_in)
    rows = _largest(0, y.h, a.stride_h, a.pad_top, row_out, row_in)
    columns = _largest(1, y.w, a.stride_w, a.pad_left, pixel_out, pixel_in)
    return max(0, images) + rows + max(0, columns)


def _largest(first, end, stride, pad, out_bytes, in_bytes):
    """How far the output may run ahead of the windows that begin at these positions."""
    # linear up to the first window without padding and from it on
    bend = pad // stride
    return max(
        [
            p * out_bytes - max(0, p * stride - pad) * in_bytes
            for p in (first, bend, bend + 1, end - 1)
            if first <= p < end
        ]
        or [0]
    )
