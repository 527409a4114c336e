"""Weight layouts of SPEC.md, "Layouts": logical integer arrays to the bytes in the file, and back.

The weights of conv_2d are [oc, kh, kw, ic / groups], of depthwise_conv_2d [oc, kh, kw, 1], of
fully_connected [oc, ic]; a layout sees them as [groups, channels of a group, taps]. `params` are
s32 [oc, 3]: bias, multiplier, shift.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.int8]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Layout:
    """Channels of a group and taps are padded to multiples; `pack` and `unpack` see the padded
    [groups, channels, taps]."""

    channels: int
    taps: int
    pack: Callable[[Weights], Bytes]
    unpack: Callable[[Bytes, tuple[int, int, int]], Weights]


# two taps that one SXTB16 widens lie two bytes apart: see SPEC.md
_TAP_ORDER = (0, 2, 1, 3)


def _pack_pairs_s8(w: Weights) -> Bytes:
    groups, channels, taps = w.shape
    blocks = w.reshape(groups, channels // 2, 2, taps // 4, 4)[..., _TAP_ORDER]
    data: Bytes = blocks.transpose(0, 1, 3, 4, 2).view(np.uint8)
    return data


def _unpack_pairs_s8(data: Bytes, shape: tuple[int, int, int]) -> Weights:
    groups, channels, taps = shape
    blocks = data.view(np.int8).reshape(groups, channels // 2, taps // 4, 4, 2)
    w: Weights = blocks[..., _TAP_ORDER, :].transpose(0, 1, 4, 2, 3).reshape(shape)
    return w


def _pack_pairs_s4(w: Weights) -> Bytes:
    groups, channels, taps = w.shape
    pairs = w.reshape(groups, channels // 2, 2, taps)
    return _nibbles(high=pairs[:, :, 0], low=pairs[:, :, 1])


def _unpack_pairs_s4(data: Bytes, shape: tuple[int, int, int]) -> Weights:
    groups, channels, taps = shape
    pairs = data.reshape(groups, channels // 2, taps)
    return np.stack([_high(pairs), _low(pairs)], axis=2).reshape(shape)


def _pack_planes_s8(w: Weights) -> Bytes:
    return w.view(np.uint8)


def _unpack_planes_s8(data: Bytes, shape: tuple[int, int, int]) -> Weights:
    return data.view(np.int8).reshape(shape)


def _pack_planes_s4(w: Weights) -> Bytes:
    return _nibbles(high=w[..., 1::2], low=w[..., 0::2])


def _unpack_planes_s4(data: Bytes, shape: tuple[int, int, int]) -> Weights:
    groups, channels, taps = shape
    halves = data.reshape(groups, channels, taps // 2)
    return np.stack([_low(halves), _high(halves)], axis=-1).reshape(shape)


# quads: 4 channels x 4 taps, as (pair, channel of the pair) x (half of the tap, its parity)


def _pack_quads_s8(w: Weights) -> Bytes:
    groups, channels, taps = w.shape
    quads = w.reshape(groups, channels // 4, 2, 2, taps // 4, 2, 2)
    stored = quads.transpose(0, 1, 4, 6, 2, 5, 3).astype(np.int16) + 128
    data: Bytes = stored.astype(np.uint8)
    return data


def _unpack_quads_s8(data: Bytes, shape: tuple[int, int, int]) -> Weights:
    groups, channels, taps = shape
    stored = data.reshape(groups, channels // 4, taps // 4, 2, 2, 2, 2)
    quads = (stored.astype(np.int16) - 128).astype(np.int8)
    w: Weights = quads.transpose(0, 1, 4, 6, 2, 5, 3).reshape(shape)
    return w


def _pack_quads_s4(w: Weights) -> Bytes:
    groups, channels, taps = w.shape
    quads = w.reshape(groups, channels // 4, 2, 2, taps // 4, 4).transpose(3, 0, 1, 4, 2, 5)
    return _nibbles(high=quads[0] + 8, low=quads[1] + 8)


def _unpack_quads_s4(data: Bytes, shape: tuple[int, int, int]) -> Weights:
    groups, channels, taps = shape
    stored = data.reshape(groups, channels // 4, taps // 4, 2, 4)
    quads = np.stack([stored >> 4, stored & 15]).astype(np.int8) - np.int8(8)
    w: Weights = quads.transpose(1, 2, 4, 0, 3, 5).reshape(shape)
    return w


def _nibbles(high: NDArray[np.int8], low: NDArray[np.int8]) -> Bytes:
    return ((high & 15) << 4 | low & 15).view(np.uint8)


def _high(data: Bytes) -> Weights:
    return data.view(np.int8) >> 4


def _low(data: Bytes) -> Weights:
    return (data << 4).view(np.int8) >> 4


LAYOUTS = {
    "pairs_s8": Layout(2, 4, _pack_pairs_s8, _unpack_pairs_s8),
    "pairs_s4": Layout(2, 4, _pack_pairs_s4, _unpack_pairs_s4),
    "planes_s8": Layout(1, 1, _pack_planes_s8, _unpack_planes_s8),
    "planes_s4": Layout(1, 2, _pack_planes_s4, _unpack_planes_s4),
    "quads_s8": Layout(4, 4, _pack_quads_s8, _unpack_quads_s8),
    "quads_s4": Layout(4, 4, _pack_quads_s4, _unpack_quads_s4),
}
_ORDER = {
    "conv_2d": "pairs",
    "depthwise_conv_2d": "planes",
    "fully_connected": "quads",
    "transpose_conv_2d": "pairs",
    "gru": "planes",
    "lstm": "planes",
    "rnn": "planes",
    "svdf": "planes",
}


def layout_of(op: str, dtype: str) -> Layout:
    """The layout of an operator's weights of dtype s8 or s4."""
    return LAYOUTS[f"{_ORDER[op]}_{dtype}"]


def _padded(layout: Layout, groups: int, channels: int, taps: int) -> tuple[int, int, int]:
    return groups, _up(channels // groups, layout.channels), _up(taps, layout.taps)


def _up(count: int, multiple: int) -> int:
    return -(-count // multiple) * multiple


def pack_weights(op: str, dtype: str, weights: NDArray[np.integer], groups: int = 1) -> bytes:
    """Bytes of a weight tensor; its values must fit dtype."""
    low, high = (-8, 7) if dtype == "s4" else (-128, 127)
    if weights.size and not low <= weights.min() <= weights.max() <= high:
        raise ValueError(f"{op}: weights outside of [{low}, {high}]")
    layout = layout_of(op, dtype)
    channels, taps = weights.shape[0], weights[0].size
    padded = np.zeros(_padded(layout, groups, channels, taps), np.int8)
    padded[:, : channels // groups, :taps] = weights.reshape(groups, channels // groups, taps)
    return layout.pack(padded).tobytes()


def phases(weights: NDArray[np.integer], strides: tuple[int, int]) -> list[NDArray[np.integer]]:
    """What each phase of transpose_conv_2d's output sees of weights [oc, kh, kw, c]; the buffers
    hold them one after the other."""
    found = []
    for p in range(strides[0]):
        for q in range(strides[1]):
            part = weights[:, p :: strides[0], q :: strides[1]][:, ::-1, ::-1]
            if not part.size:
                h, w = max(1, part.shape[1]), max(1, part.shape[2])
                part = np.zeros((len(weights), h, w, weights.shape[3]), weights.dtype)
            found.append(part)
    return found


def unpack_weights(
    op: str, dtype: str, data: bytes, shape: tuple[int, ...], groups: int = 1
) -> Weights:
    """The logical weights of `shape` out of the file's bytes."""
    layout = layout_of(op, dtype)
    channels, taps = shape[0], int(np.prod(shape[1:], dtype=np.int64))
    padded = layout.unpack(np.frombuffer(data, np.uint8), _padded(layout, groups, channels, taps))
    return np.ascontiguousarray(padded[:, : channels // groups, :taps]).reshape(shape)


def pack_params(op: str, dtype: str, params: NDArray[np.integer], groups: int = 1) -> bytes:
    """Bytes of a params tensor, padded as the weights of that dtype are."""
    channels = len(params) // groups
    rows = _up(channels, layout_of(op, dtype).channels)
    padded = np.zeros((groups, rows, 3), "<i4")
    padded[:, :channels] = params.reshape(groups, channels, 3)
    return padded.tobytes()


def unpack_params(
    op: str, dtype: str, data: bytes, channels: int, groups: int = 1
) -> NDArray[np.int32]:
    """The logical params [channels, 3]."""
    rows = _up(channels // groups, layout_of(op, dtype).channels)
    padded = np.frombuffer(data, "<i4").reshape(groups, rows, 3)
    return padded[:, : channels // groups].reshape(channels, 3).astype(np.int32)
