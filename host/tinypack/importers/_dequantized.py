"""Constants that an ONNX file holds as integers."""

from collections.abc import Mapping, Sequence

import numpy as np

from ..errors import PackError
from ..ir import Array, QuantParams, Value, constant


def dequantized(
    key: str, name: str, inputs: Sequence[Value | None], attrs: Mapping[str, int]
) -> Value:
    """The reals that DequantizeLinear `name` gives for constants; they know their integers."""
    q, scale, zero = (*inputs, None)[:3]
    assert q is not None and scale is not None
    axis, block = attrs.get("axis", 1), attrs.get("block_size", 0)
    scales = scale.data.astype(np.float64)
    zeros = np.zeros(scales.shape) if zero is None else zero.data.astype(np.float64)
    try:
        points, steps = (_spread(part, q.shape, axis, block) for part in (zeros, scales))
        real = (q.data - points) * steps
        if real.shape != q.shape:
            raise ValueError(f"shapes {q.shape} and {scales.shape}")
    except (ValueError, IndexError) as error:
        raise PackError(
            f"node {name!r}: its scales do not fit ({error}); export the model anew"
        ) from error
    with np.errstate(over="ignore"):  # check_legal says what is infinite
        value = constant(key, real.astype(np.float32))
    # Blocks have no place in the file format: as floats they are quantized anew.
    if not block and np.all(scales > 0) and np.isfinite(scales).all():
        dtype = "s4" if q.dtype in ("s4", "u4") else "s8"
        every = np.broadcast_to(zeros.reshape(-1), scales.size).astype(int).tolist()
        of_channels = axis % q.rank if scales.size > 1 else None
        flat = tuple(scales.reshape(-1).tolist())
        value.quant = QuantParams(dtype, flat, tuple(every), of_channels)
    return value


def _spread(numbers: Array, shape: Sequence[int], axis: int, block: int) -> Array:
    """Scales or zero points, so that they broadcast."""
    if block:
        if block < 0 or block > shape[axis]:
            raise ValueError(f"blocks of {block}")
        return numbers.repeat(block, axis).take(range(shape[axis]), axis)
    along = [1] * len(shape)
    if numbers.size > 1:
        along[axis] = -1
    return numbers.reshape(along)
