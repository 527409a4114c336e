"""Recordings of WAV files, as numbers in [-1, 1)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import PackError

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE


def read_wav(path: Path) -> NDArray[np.float32]:
    """PCM of 8 to 32 bits, or floats; channels are the last axis if there are many."""
    data = path.read_bytes()
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise PackError(f"{path}: not a readable WAV file (no RIFF header); convert it")
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.setdefault(data[at : at + 4], data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    form = chunks.get(b"fmt ", b"")
    if len(form) < 16 or b"data" not in chunks:
        raise PackError(f"{path}: not a readable WAV file (a part is missing); convert it")
    kind, channels = (int.from_bytes(form[i : i + 2], "little") for i in (0, 2))
    bits = int.from_bytes(form[14:16], "little")
    if kind == _EXTENSIBLE:
        kind = int.from_bytes(form[24:26], "little")
    if channels == 0 or (kind, bits) not in (
        *((_PCM, width) for width in (8, 16, 24, 32)),
        (_FLOAT, 32),
        (_FLOAT, 64),
    ):
        raise PackError(
            f"{path}: holds samples of format {kind} with {bits} bits; convert it to 16-bit PCM"
        )
    frame = channels * bits // 8
    raw = chunks[b"data"]
    if len(raw) < frame:
        raise PackError(f"{path}: holds no sound; record it anew")
    sound = _numbers(raw[: len(raw) // frame * frame], kind, bits)
    return sound if channels == 1 else sound.reshape(-1, channels)


def _numbers(raw: bytes, kind: int, bits: int) -> NDArray[np.float32]:
    if kind == _FLOAT:
        return np.frombuffer(raw, f"<f{bits // 8}").astype(np.float32)
    if bits == 8:  # the only width without a sign
        return ((np.frombuffer(raw, "u1") - 128.0) / 128).astype(np.float32)
    wide = np.zeros((len(raw) * 8 // bits, 4), np.uint8)
    wide[:, 4 - bits // 8 :] = np.frombuffer(raw, "u1").reshape(len(wide), -1)
    whole: NDArray[np.float32] = (wide.view("<i4")[:, 0] / 2**31).astype(np.float32)
    return whole
