"""Samples for calibration and evaluation: .npz, .npy, or a folder of CSV or WAV files.

Every reader gives float32 with the sample as first axis. A folder holds one sample per file; in
sub-folders, the sub-folder's name is the label.
"""

import csv
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import PackError


@dataclass(frozen=True)
class Samples:
    """x [samples, …] in the model's input layout; y and class names if the source has them."""

    x: NDArray[np.float32]
    y: NDArray[np.generic] | None = None
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.x)


def load_calibration(path: Path) -> Samples:
    """x_calib and y_calib of an .npz, else x and y, else its first array."""
    return _load(path, ("x_calib", "x"), ("y_calib", "y"), first_array=True)


def load_test(path: Path) -> Samples:
    """x_test and y_test of an .npz, else x and y."""
    return _load(path, ("x_test", "x"), ("y_test", "y"), first_array=False)


def has_test(path: Path) -> bool:
    """Whether the file holds x_test and y_test."""
    if path.suffix != ".npz" or not path.is_file():
        return False
    with _open_npz(path) as arrays:
        return {"x_test", "y_test"} <= set(arrays.files)


def _load(path: Path, x_keys: Sequence[str], y_keys: Sequence[str], first_array: bool) -> Samples:
    if path.is_dir():
        return _load_folder(path)
    if not path.exists():
        raise PackError(f"{path}: no such file or folder; give .npz, .npy or a folder of samples")
    if path.suffix == ".npy":
        try:
            return Samples(_floats(path, np.load(path, allow_pickle=False)))
        except (ValueError, OSError, EOFError) as error:
            raise PackError(f"{path}: not a readable .npy file ({error}); save it anew") from error
    if path.suffix != ".npz":
        raise PackError(f"{path}: samples of this kind are unknown; give .npz, .npy or a folder")
    with _open_npz(path) as arrays:
        names = [name for name in x_keys if name in arrays.files]
        if not names and first_array:
            names = arrays.files
        if not names:
            raise PackError(
                f"{path}: has no array {' or '.join(x_keys)} but {', '.join(arrays.files)};"
                " rename the array that holds the samples"
            )
        x = names[0]
        y = y_keys[x_keys.index(x)] if x in x_keys else ""
        try:
            return Samples(_floats(path, arrays[x]), arrays[y] if y in arrays.files else None)
        except ValueError as error:
            raise PackError(f"{path}: cannot read its arrays ({error}); save it anew") from error


def _open_npz(path: Path) -> "np.lib.npyio.NpzFile":
    try:
        arrays = np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise PackError(f"{path}: not a readable .npz file ({error}); save it anew") from error
    if not isinstance(arrays, np.lib.npyio.NpzFile):
        raise PackError(f"{path}: is not an .npz archive; save it with numpy.savez")
    return arrays


def _floats(path: Path, array: NDArray[np.generic]) -> NDArray[np.float32]:
    if array.dtype.kind not in "fiub" or array.ndim == 0 or array.size == 0:
        raise PackError(f"{path}: holds no numbers; the first axis must be the sample")
    x = np.ascontiguousarray(array, np.float32)
    if not np.isfinite(x).all():
        raise PackError(f"{path}: holds NaN or infinite values; remove those samples")
    return x


def _load_folder(folder: Path) -> Samples:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _READERS)
    if not files:
        raise PackError(
            f"{folder}: holds no {' or '.join(_READERS)} files; one file is one sample"
        )
    arrays = [_READERS[path.suffix.lower()](path) for path in files]
    for path, array in zip(files, arrays, strict=True):
        if array.shape != arrays[0].shape:
            raise PackError(
                f"{path}: is {array.shape} but {files[0].name} is {arrays[0].shape};"
                " cut all samples to one length"
            )
    x = _floats(folder, np.stack(arrays))
    names = [path.parent.relative_to(folder).as_posix() for path in files]
    if "." in names:
        return Samples(x)
    labels = tuple(sorted(set(names)))
    return Samples(x, np.array([labels.index(name) for name in names]), labels)


def _read_csv(path: Path) -> NDArray[np.float32]:
    """Rows are time, columns are channels; a heading that is no number is skipped."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    if rows and not _is_number(rows[0][0]):
        rows = rows[1:]
    try:
        return np.array([[float(cell) for cell in row] for row in rows], np.float32)
    except ValueError as error:
        raise PackError(f"{path}: {error}; a sample is a table of numbers") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_wav(path: Path) -> NDArray[np.float32]:
    """16-bit PCM as numbers in [-1, 1), channels as last axis if there are many."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise PackError(f"{path}: is not 16-bit PCM; convert it")
            channels = file.getnchannels()
            data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    except (wave.Error, EOFError) as error:
        raise PackError(f"{path}: not a readable WAV file ({error}); convert it") from error
    sound: NDArray[np.float32] = (data / 32768).astype(np.float32)
    return sound if channels == 1 else sound.reshape(-1, channels)


_READERS: dict[str, Callable[[Path], NDArray[np.float32]]] = {".csv": _read_csv, ".wav": _read_wav}
