"""How far above its output an input may lie while both share memory: SPEC.md, "Overlap"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np
from numpy.typing import NDArray

from ..model_file import TensorSpec
from ..model_file.spec import BITS
from ..optable import OPS, nhwc

# All offsets of a file are multiples of this.
ALIGNMENT = 4


@dataclass(frozen=True)
class Lead:
    """address(input) - address(output) may be `least` or more, in multiples of `step`."""

    least: int
    step: int


def leads(
    op: str,
    attrs: Mapping[str, int],
    inputs: Sequence[TensorSpec],
    output: TensorSpec,
) -> dict[int, Lead]:
    """By position of the input, for those that may share memory with the output."""
    kind = OPS[op].overlap
    if kind == "inplace":
        return _inplace(inputs, output)
    # depthwise kernels go plane by plane: an input plane must have one output plane
    planes = op == "depthwise_conv_2d" and inputs[0].shape[-1] != output.shape[-1]
    if kind == "window" and inputs[0].data is None and not planes:
        return {0: _window(attrs, inputs, output)}
    return {}


def _inplace(inputs: Sequence[TensorSpec], output: TensorSpec) -> dict[int, Lead]:
    def same_size(tensor: TensorSpec) -> bool:
        return BITS[tensor.dtype] == BITS[output.dtype] and np.prod(tensor.shape) == np.prod(
            output.shape
        )

    return {
        i: Lead(0, ALIGNMENT)
        for i, tensor in enumerate(inputs)
        if tensor.data is None and same_size(tensor)
    }


def _window(attrs: Mapping[str, int], inputs: Sequence[TensorSpec], output: TensorSpec) -> Lead:
    x, y = nhwc(inputs[0].shape, BITS[inputs[0].dtype]), nhwc(output.shape, BITS[output.dtype])
    if "kernel_h" in attrs:
        kernel_h, kernel_w = attrs["kernel_h"], attrs["kernel_w"]
    else:
        kernel_h, kernel_w = inputs[1].shape[1:3]
    rows = _first_inside(
        y.h, x.h, attrs["stride_h"], attrs["pad_top"], kernel_h, attrs.get("dilation_h", 1)
    )
    columns = _first_inside(
        y.w, x.w, attrs["stride_w"], attrs["pad_left"], kernel_w, attrs.get("dilation_w", 1)
    )
    # By image, row, column of y: the first pixel of x that it reads, `outside` if it reads none.
    outside = x.n * x.h * x.w
    first = np.where(
        (rows < x.h)[:, None] & (columns < x.w), rows[:, None] * x.w + columns, outside
    )
    image = (np.arange(x.n) * x.h * x.w)[:, None, None]
    need = np.where(first < outside, first + image, outside).reshape(-1)
    need = np.minimum.accumulate(need[::-1])[::-1]
    pixel_in, pixel_out = x.c * x.bits // 8, y.c * y.bits // 8
    end = (1 + np.arange(len(need) - 1)) * pixel_out
    distance = int(np.max(end - need[1:] * pixel_in, initial=0))
    step = lcm(pixel_out, ALIGNMENT)
    return Lead(-(-distance // step) * step, step)


def _first_inside(
    out_size: int, in_size: int, stride: int, pad: int, kernel: int, dilation: int
) -> NDArray[np.int64]:
    """Per output position the least input position of a tap; in_size if none is inside."""
    start = np.arange(out_size) * stride - pad
    skipped = np.maximum(0, -(start // dilation))
    first = start + skipped * dilation
    return np.where((skipped < kernel) & (first < in_size), first, in_size)
