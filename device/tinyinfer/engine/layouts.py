"""Weight layouts of SPEC.md, "Layouts": the weights of one output channel, and params."""

import struct
from array import array

from ..model_file import S4
from .arithmetic import align


def pairs_bytes(dtype, rows, taps):
    """Bytes of conv_2d weights: `rows` padded channels."""
    return rows * align(taps, 4) // (2 if dtype == S4 else 1)


def planes_bytes(dtype, rows, taps):
    return rows * ((taps + 1) // 2 if dtype == S4 else taps)


def quads_bytes(dtype, rows, taps):
    return rows * align(taps, 4) // (2 if dtype == S4 else 1)


def pairs_row(node, channel):
    """Where a channel's weights and params stand: the channels of a group are padded to pairs."""
    of_group = node.y.c * node.k.c // node.x.c
    return channel // of_group * align(of_group, 2) + channel % of_group


def pairs(k, row, taps, start=0):
    """Weights that begin at byte `start`."""
    data = k.data
    out = array("b", bytes(taps))
    c = row & 1
    if k.dtype == S4:
        base = start + (row >> 1) * align(taps, 4)
        for t in range(taps):
            out[t] = _nibble(data[base + t], c == 0)
    else:
        base = start + (row >> 1) * 2 * align(taps, 4) + c
        for t in range(taps):
            byte = data[base + (t >> 2) * 8 + (t & 1) * 4 + (t & 2)]
            out[t] = byte - (byte >> 7 << 8)
    return out


def planes(k, row, taps):
    data = k.data
    base = row * planes_bytes(k.dtype, 1, taps)
    if k.dtype != S4:
        return array("b", bytes(data[base : base + taps]))
    out = array("b", bytes(taps))
    for t in range(taps):
        out[t] = _nibble(data[base + (t >> 1)], t & 1)
    return out


def quads(k, row, taps):
    data = k.data
    out = array("b", bytes(taps))
    c = row & 3
    if k.dtype == S4:
        base = (row >> 2) * 2 * align(taps, 4) + (c >> 1) * 4
        for t in range(taps):
            byte = data[base + (t >> 2) * 8 + (t & 3)]
            out[t] = (byte & 15 if c & 1 else byte >> 4) - 8
    else:
        base = (row >> 2) * 4 * align(taps, 4) + (c >> 1) * 4 + (c & 1)
        for t in range(taps):
            out[t] = data[base + (t >> 2) * 16 + (t & 1) * 8 + (t & 2)] - 128
    return out


def _nibble(byte, high):
    nibble = byte >> 4 if high else byte & 15
    return nibble - (nibble >> 3 << 4)


def params(p, row):
    """(bias, multiplier, shift) of a padded channel; an impossible shift must not cost memory."""
    bias, multiplier, shift = struct.unpack_from("<iii", p.data, 12 * row)
    return bias, multiplier, min(max(shift, -31), 30)
