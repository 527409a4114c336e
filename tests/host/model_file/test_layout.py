"""Weight layouts: the order SPEC.md spells out, and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinypack.model_file.layout import pack_params, pack_weights, unpack_params, unpack_weights


def numbered(channels: int, taps: int) -> np.ndarray:
    """Weight of channel c and tap k is 10 c + k, which shows itself in the bytes."""
    return (10 * np.arange(channels)[:, None] + np.arange(taps)).astype(np.int8)


def test_pairs_s8_order():
    data = pack_weights("conv_2d", "s8", numbered(2, 4).reshape(2, 2, 2, 1))
    assert list(data) == [0, 10, 2, 12, 1, 11, 3, 13]


def test_pairs_s8_pads_taps_and_channels():
    data = np.frombuffer(
        pack_weights("conv_2d", "s8", numbered(3, 5).reshape(3, 5, 1, 1)), np.int8
    )
    assert len(data) == 4 * 8
    assert list(data[8:16]) == [4, 14, 0, 0, 0, 0, 0, 0]
    assert list(data[16:24]) == [20, 0, 22, 0, 21, 0, 23, 0]


def test_pairs_s4_order():
    weights = np.array([[1, -2, 3, -4], [5, 6, -7, 7]], np.int8).reshape(2, 4, 1, 1)
    assert pack_weights("conv_2d", "s4", weights) == bytes([0x15, 0xE6, 0x39, 0xC7])


def test_planes_order():
    weights = np.array([[1, -2, 3], [4, 5, -6]], np.int8).reshape(2, 3, 1, 1)
    assert pack_weights("depthwise_conv_2d", "s8", weights) == weights.tobytes()
    assert pack_weights("depthwise_conv_2d", "s4", weights) == bytes([0xE1, 0x03, 0x54, 0x0A])


def test_quads_s8_order():
    data = pack_weights("fully_connected", "s8", numbered(4, 4))
    c0k0_first = [0, 10, 2, 12, 20, 30, 22, 32, 1, 11, 3, 13, 21, 31, 23, 33]
    assert list(data) == [128 + w for w in c0k0_first]


def test_quads_s4_order():
    weights = np.array([[1, 2, 3, 4], [5, 6, 7, -8], [0, -1, -2, -3], [-4, -5, -6, -7]], np.int8)
    expected = [0x9D, 0xAE, 0xBF, 0xC0, 0x84, 0x73, 0x62, 0x51]
    assert pack_weights("fully_connected", "s4", weights) == bytes(expected)


def test_quads_pad_with_stored_zeros():
    data = pack_weights("fully_connected", "s8", numbered(1, 1))
    assert list(data) == [128] * 16
    assert set(pack_weights("fully_connected", "s4", numbered(1, 1))) == {0x88}


def test_params_are_padded_behind_each_group():
    params = np.arange(18).reshape(6, 3)
    rows = np.frombuffer(pack_params("conv_2d", "s8", params, groups=2), "<i4").reshape(-1, 3)
    assert rows[:, 0].tolist() == [0, 3, 6, 0, 9, 12, 15, 0]
    data = pack_params("conv_2d", "s8", params, groups=2)
    assert (unpack_params("conv_2d", "s8", data, 6, groups=2) == params).all()


def test_weights_out_of_range_are_refused():
    with pytest.raises(ValueError, match="outside of"):
        pack_weights("conv_2d", "s4", np.full((1, 1, 1, 1), 8))


@given(
    op=st.sampled_from(["conv_2d", "depthwise_conv_2d", "fully_connected"]),
    dtype=st.sampled_from(["s8", "s4"]),
    groups=st.integers(1, 3),
    channels=st.integers(1, 9),
    taps=st.integers(1, 11),
    seed=st.integers(0, 2**32 - 1),
)
def test_unpack_reverses_pack(op, dtype, groups, channels, taps, seed):
    if op != "conv_2d":
        groups = 1
    low, high = (-8, 7) if dtype == "s4" else (-128, 127)
    shape = (groups * channels, taps) + (() if op == "fully_connected" else (1, 1))
    weights = np.random.default_rng(seed).integers(low, high, shape, np.int8, endpoint=True)
    data = pack_weights(op, dtype, weights, groups)
    assert (unpack_weights(op, dtype, data, shape, groups) == weights).all()
