"""arithmetic.py on numpy arrays of s64: CPython only, imported when an engine is vectorized."""

import numpy as np

from ..model_file import DTYPE_CODES, DTYPE_RANGES, S4
from .layouts import params


def wrap(a):
    return a.astype(np.int32).astype(np.int64)


def multiply_by_quantized_multiplier(a, m, shift):
    m, shift = np.asarray(m, np.int64), np.asarray(shift, np.int64)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    h = (wrap(a << left) * abs(m) + (1 << 30)) >> 31
    h = (h + (1 << right >> 1) + np.where(right > 0, h >> 31, 0)) >> right
    return np.where(m < 0, -h, h)


def requantize(acc, m, shift, zero_point, low, high):
    value = wrap(zero_point + multiply_by_quantized_multiplier(wrap(acc), m, shift))
    return np.clip(value, low, high)


def dot(x, w):
    """x @ w exactly, w s8: floats hold every partial sum as an integer, and BLAS is fast."""
    # binary32 counts to 2^24 = 1024 * 2^14; 2^53 is out of reach
    kind = np.float32 if x.dtype == np.int8 and x.shape[-1] <= 1024 else np.float64
    return (x.astype(kind) @ w.astype(kind)).astype(np.int64)


def params_of(node, rows):
    """bias, multiplier, shift of the given padded channels, as arrays."""
    return np.array([params(node.inputs[2], row) for row in rows], np.int64).T


def padded(node, x, kernel_h, kernel_w, value):
    """x [B, n, h, w, c] with the border that the node's windows reach into."""
    a, y = node.attributes, node.y
    pads = []
    for size, o, kernel, stride, pad, dilation in (
        (node.x.h, y.h, kernel_h, a.stride_h, a.pad_top, getattr(a, "dilation_h", 1)),
        (node.x.w, y.w, kernel_w, a.stride_w, a.pad_left, getattr(a, "dilation_w", 1)),
    ):
        reach = (o - 1) * stride - pad + (kernel - 1) * dilation + 1
        pads.append((pad, max(0, reach - size)))
    return np.pad(x, [(0, 0), (0, 0)] + pads + [(0, 0)], constant_values=value)


def taps(node, x, kernel_h, kernel_w):
    """From padded x, for every tap of the window in order, what it sees: [B, n, y.h, y.w, c]."""
    a, y = node.attributes, node.y
    for ky in range(kernel_h):
        for kx in range(kernel_w):
            top, left = ky * getattr(a, "dilation_h", 1), kx * getattr(a, "dilation_w", 1)
            yield x[
                :,
                :,
                top : top + (y.h - 1) * a.stride_h + 1 : a.stride_h,
                left : left + (y.w - 1) * a.stride_w + 1 : a.stride_w,
            ]


def elements(operand):
    """A tensor as [1, n, h, w, c]; None when its layout packs two elements per byte."""
    if operand.dtype == S4:
        return None
    data = np.frombuffer(operand.data[: operand.bytes], DTYPE_CODES[operand.dtype])
    return data.reshape(1, operand.n, operand.h, operand.w, operand.c)


def run(node, row0, row1):
    """Bytes of the output rows of a node, from what lies in its tensors."""
    y = node.kernel.vectorized(node, *[elements(operand) for operand in node.inputs])
    y = y.reshape(-1)[node.first(row0) : node.first(row1)]
    return y.astype(DTYPE_CODES[node.y.dtype]).tobytes()


def quantize_bits(bits, tensor):
    """float_bits.quantize on an array [..., elements] of binary32 patterns."""
    m, shift, offset = (
        np.resize(np.array(numbers, np.int64), bits.shape[-1]) for numbers in tensor.quantizer
    )
    bits = bits.astype(np.int64)
    exponent, fraction = bits >> 23 & 255, bits & 0x7FFFFF
    nan = (exponent == 255) & (fraction != 0)
    fraction = np.where(exponent == 0, fraction, fraction + (1 << 23))
    fraction = np.where(exponent == 255, 1 << 24, fraction)
    product = fraction * m
    k = 150 + 31 - 14 - np.clip(exponent, 1, 254) - shift
    right, left = np.clip(k, 0, 62), np.clip(-k, 0, 31)
    # P < 2^55: shifted right by 62 it is 0, and saturated first it has room for 31 bits
    product = np.minimum(np.minimum(product >> right, 1 << 30) << left, 1 << 30)
    u = np.where(bits >> 31, offset - product, offset + product)
    value = tensor.zero_point + np.sign(u) * (abs(u) + (1 << 13) >> 14)
    low, high = DTYPE_RANGES[tensor.dtype]
    return np.clip(np.where(nan, tensor.zero_point, value), low, high).astype(
        DTYPE_CODES[tensor.dtype]
    )


def dequantize(q, tensor):
    """float_bits.dequantize on integers of up to 16 bits: exact in binary64, then rounded once."""
    return (np.float64(tensor.scale) * (q.astype(np.int64) - tensor.zero_point)).astype(np.float32)
