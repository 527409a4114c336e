"""An arena whose bytes know whose they are: finds every read of a byte that was overwritten."""

import numpy as np
from tinypack.optable import OPS


def run(model):
    """Raises AssertionError when a node reads bytes that are no longer what they were."""
    arena = _Arena(model)
    for i in model.inputs:
        arena.write(i, *_all(model, i))
    for node in model.nodes:
        out = node.outputs[0]
        constant_free = [i for i in node.inputs if model.tensors[i].data is None]
        if OPS[node.op].overlap == "border":
            pixels = _bordered(model, node)
        elif OPS[node.op].overlap == "window":
            pixels = _pixels(model, node)
        elif OPS[node.op].overlap == "inplace":
            pixels = [((b, b + 1), (b, b + 1)) for b in range(_size(model, out))]
        else:
            pixels = [((0, _size(model, constant_free[0])), (0, _size(model, out)))]
        x, *others = constant_free
        for (read, read_end), (write, write_end) in pixels:
            arena.check(x, read, read_end)
            for k in others:
                arena.check(k, *(write, write_end) if write_end - write == 1 else _all(model, k))
            if node.scratch >= 0:
                arena.tags[node.scratch : node.scratch + 1] = -2
            arena.write(out, write, write_end)
    for i in model.outputs:
        arena.check(i, *_all(model, i))


def _size(model, i):
    return int(np.prod(model.tensors[i].shape))


def _all(model, i):
    return 0, _size(model, i)


class _Arena:
    """For each byte the tensor that owns it, and which of that tensor's bytes it is."""

    def __init__(self, model):
        self.tensors = model.tensors
        self.tags = np.full((model.arena_bytes, 2), -1)
        # Tensors inside of others, and what a reshape gives, are made of another tensor's bytes.
        self.owners = {i: tensor.inside or (i, 0) for i, tensor in enumerate(model.tensors)}
        for node in model.nodes:
            if node.op == "reshape":
                self.owners[node.outputs[0]] = self.owners[node.inputs[0]]

    def _rightful(self, i, start, end):
        owner, within = self.owners[i]
        return np.stack([np.full(end - start, owner), np.arange(start, end) + within], axis=1)

    def _place(self, i, start, end):
        offset = self.tensors[i].offset
        return self.tags[offset + start : offset + end]

    def write(self, i, start, end):
        self._place(i, start, end)[:] = self._rightful(i, start, end)

    def check(self, i, start, end):
        held = self._place(i, start, end)
        assert len(held) == end - start, f"tensor {i} leaves the arena"
        assert (held == self._rightful(i, start, end)).all(), f"tensor {i} was overwritten"


def _bordered(model, node):
    """The same for a pad, by the pixel: what is border reads nothing."""
    x, y = (model.tensors[i].shape for i in (node.inputs[0], node.outputs[0]))
    before = [node.attrs[f"before_{axis}"] for axis in "nhwc"]
    spans = []
    for pixel, at in enumerate(np.ndindex(y[:3])):
        source = [i - b for i, b in zip(at, before, strict=False)]
        inside = all(0 <= i < size for i, size in zip(source, x, strict=False))
        start = int(np.ravel_multi_index(source, x[:3])) * x[3] if inside else 0
        spans.append(((start, start + inside * x[3]), (pixel * y[3], (pixel + 1) * y[3])))
    return spans


def _pixels(model, node):
    """Per output pixel the span of x that its taps read and the bytes it writes, by definition."""
    _, h, w, c = model.tensors[node.inputs[0]].shape
    n, out_h, out_w, out_c = model.tensors[node.outputs[0]].shape
    a = {attr.name: attr.default for attr in OPS[node.op].attrs} | dict(node.attrs)
    kernel = (
        (a["kernel_h"], a["kernel_w"])
        if "kernel_h" in a
        else model.tensors[node.inputs[1]].shape[1:3]
    )
    spans = []
    for image in range(n):
        for oh in range(out_h):
            for ow in range(out_w):
                taps = [
                    (image * h + y) * w + x
                    for ky in range(kernel[0])
                    for kx in range(kernel[1])
                    for y in [oh * a["stride_h"] - a["pad_top"] + ky * a.get("dilation_h", 1)]
                    for x in [ow * a["stride_w"] - a["pad_left"] + kx * a.get("dilation_w", 1)]
                    if 0 <= y < h and 0 <= x < w
                ]
                pixel = (image * out_h + oh) * out_w + ow
                read = (min(taps) * c, (max(taps) + 1) * c) if taps else (0, 0)
                spans.append((read, (pixel * out_c, (pixel + 1) * out_c)))
    return spans
