"""Arrays of .npy and .npz files: numbers only, and never more than their files can hold."""

import zipfile
from math import prod
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from .errors import PackError

# Bytes of all arrays of a file together.
MOST = 1 << 29

_Array = NDArray[np.generic]


def load_npy(path: Path) -> _Array:
    try:
        with path.open("rb") as file:
            return _array(file, path.stat().st_size)
    except Exception as error:  # a header is Python text, and fails in many ways
        raise _unreadable(path, error) from error


def load_npz(path: Path) -> dict[str, _Array]:
    """All arrays of numbers."""
    arrays = {}
    left = MOST
    try:
        with zipfile.ZipFile(path) as archive:
            for info in _members(archive):
                left -= info.file_size
                if left < 0:
                    raise ValueError(f"its arrays would fill more than {MOST >> 20} MiB")
                with archive.open(info) as file:
                    arrays[info.filename.removesuffix(".npy")] = _array(file, info.file_size)
    except Exception as error:
        raise _unreadable(path, error) from error
    return arrays


def npz_names(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [info.filename.removesuffix(".npy") for info in _members(archive)]
    except Exception as error:
        raise _unreadable(path, error) from error


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [info for info in archive.infolist() if info.filename.endswith(".npy")]


def _array(file: IO[bytes], size: int) -> _Array:
    """An array of a file of `size` bytes, which is not trusted to be of the array it announces."""
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are not loaded")
    count = prod(shape)
    held = size - file.tell()
    if min(shape, default=0) < 0 or count * dtype.itemsize > min(held, MOST):
        raise ValueError(f"it announces {count} numbers in {held} bytes")
    data = file.read(count * dtype.itemsize)
    array: _Array = np.frombuffer(data, dtype, count)
    return array.reshape(shape[::-1]).T if fortran else array.reshape(shape)


def _unreadable(path: Path, error: Exception) -> PackError:
    reason = " ".join(str(error).split()) or type(error).__name__
    return PackError(f"{path}: not a readable {path.suffix} file ({reason}); save it anew")
