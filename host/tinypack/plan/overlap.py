"""How far above its output an input may lie while both share memory: SPEC.md, "Overlap"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import lcm, prod
from types import SimpleNamespace

from tinyinfer.engine.overlap import least

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
    if kind == "border" and _passes(inputs[0]):
        more = (prod(output.shape) - prod(inputs[0].shape)) * BITS[output.dtype] // 8
        return {0: Lead(-(-more // ALIGNMENT) * ALIGNMENT, ALIGNMENT)}
    # depthwise kernels go plane by plane: an input plane must have one output plane
    planes = op == "depthwise_conv_2d" and inputs[0].shape[-1] != output.shape[-1]
    if kind == "window" and _passes(inputs[0]) and not planes:
        bits = BITS[output.dtype]
        x, y = nhwc(inputs[0].shape, bits), nhwc(output.shape, bits)
        step = lcm(y.c * bits // 8, ALIGNMENT)
        distance = least(x, y, SimpleNamespace(**attrs))
        return {0: Lead(-(-distance // step) * step, step)}
    return {}


def _inplace(inputs: Sequence[TensorSpec], output: TensorSpec) -> dict[int, Lead]:
    def same_size(tensor: TensorSpec) -> bool:
        same_bits = BITS[tensor.dtype] == BITS[output.dtype]
        return same_bits and prod(tensor.shape) == prod(output.shape)

    return {
        i: Lead(0, ALIGNMENT)
        for i, tensor in enumerate(inputs)
        if _passes(tensor) and same_size(tensor)
    }


def _passes(tensor: TensorSpec) -> bool:
    """Neither a constant nor kept between runs."""
    return tensor.data is None and not tensor.state
