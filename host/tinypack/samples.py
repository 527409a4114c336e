"""Samples for calibration and evaluation: .npz, .npy, or a folder of CSV, WAV or image files.

Every reader gives float32 with the sample as first axis. A folder holds one sample per file; in
sub-folders, the sub-folder's name is the label. One file of such a folder is one sample.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import PackError
from .sample_arrays import MOST, load_npy, load_npz, npz_names
from .sample_pictures import SUFFIXES, Form, read_picture, remedy
from .sample_wav import read_wav

# Squares stay within float32.
_LARGEST = 1e15
_AS_THEY_ARE = Form()


@dataclass(frozen=True)
class Samples:
    """x [samples, …] in the model's input layout; y and class names if the source has them.

    `named` holds x of models with several inputs, by input. `raw` are recordings as a sensor or a
    camera gives them: an input spec's mean and std are still to be applied.
    """

    x: NDArray[np.float32]
    y: NDArray[np.generic] | None = None
    labels: tuple[str, ...] = ()
    named: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    raw: bool = False

    def __len__(self) -> int:
        return len(self.x)

    def inputs(self, names: Sequence[str]) -> list[NDArray[np.float32]]:
        """An array for each of the model's inputs."""
        if len(names) == 1:
            return [self.x]
        missing = [name for name in names if name not in self.named]
        if missing:
            raise PackError(
                f"the model has {len(names)} inputs and the samples lack {', '.join(missing)};"
                " give an .npz with one array for each input, under its name"
            )
        arrays = [self.named[name] for name in names]
        if len({len(array) for array in arrays}) > 1:
            raise PackError("the arrays of the inputs differ in how many samples they hold")
        return arrays

    def pick(self, indices: NDArray[np.int64]) -> "Samples":
        """Some of the samples."""
        y = None if self.y is None else self.y[indices]
        named = {name: array[indices] for name, array in self.named.items()}
        return replace(self, x=self.x[indices], y=y, named=named)


def arrange(
    shape: Sequence[int], order: Sequence[int] | None, x: NDArray[np.float32], name: str = "input"
) -> NDArray[np.float32]:
    """Samples for an input of `shape`, whose axes are the source model's in another `order`.

    Samples may have the source's layout or that of the packed model (channels last, as pictures
    and recordings have them), with or without axes of size 1, or be flat in the source's order.
    """
    order = tuple(order or range(len(shape)))
    source = tuple(shape[order.index(axis)] for axis in range(len(shape)))
    given = _without_ones(x.shape[1:])
    if given == _without_ones(source) or (len(given) <= 1 and x[0].size == prod(shape)):
        x = x.reshape(len(x), *source).transpose(0, *(axis + 1 for axis in order))
    elif given != _without_ones(shape):
        keys = remedy(x.shape[1:], _without_ones(shape[:-1]) + tuple(shape[-1:]))
        pictures = f", or for pictures {keys}" if keys else ""
        raise PackError(
            f"a sample has {x[0].size} numbers {x.shape[1:]} but {name} takes {source};"
            f" give samples in the layout of the source model{pictures}"
        )
    return np.ascontiguousarray(x, np.float32).reshape(len(x), *shape)


def _without_ones(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)


def load_calibration(path: Path, form: Form = _AS_THEY_ARE) -> Samples:
    """x_calib and y_calib of an .npz, else x and y, else its first array; pictures get the
    `form`."""
    return _load(path, ("x_calib", "x"), ("y_calib", "y"), form, first_array=True)


def load_test(path: Path, form: Form = _AS_THEY_ARE) -> Samples:
    """x_test and y_test of an .npz, else x and y."""
    return _load(path, ("x_test", "x"), ("y_test", "y"), form, first_array=False)


def has_test(path: Path) -> bool:
    """Whether the file holds x_test and y_test."""
    if path.suffix != ".npz" or not path.is_file():
        return False
    return {"x_test", "y_test"} <= set(npz_names(path))


def _load(
    path: Path,
    x_keys: Sequence[str],
    y_keys: Sequence[str],
    form: Form,
    first_array: bool,
) -> Samples:
    if path.is_dir():
        return _load_folder(path, form)
    if not path.exists():
        raise PackError(f"{path}: no such file or folder; give .npz, .npy or a folder of samples")
    if path.suffix == ".npy":
        return Samples(_floats(path, load_npy(path)))
    if path.suffix.lower() in _KINDS:
        return Samples(_floats(path, _read_all([path], form)), raw=True)
    if path.suffix != ".npz":
        raise PackError(f"{path}: samples of this kind are unknown; give .npz, .npy or a folder")
    found = npz_names(path)
    names = [name for name in x_keys if name in found] or (found if first_array else [])
    if not names:
        raise PackError(
            f"{path}: has no array {' or '.join(x_keys)} but {', '.join(found)};"
            " rename the array that holds the samples"
        )
    key = names[0]
    target = y_keys[x_keys.index(key)] if key in x_keys else ""
    arrays = load_npz(path)
    x = _floats(path, arrays[key])
    y = _targets(path, arrays[target], len(x)) if target in arrays else None
    return Samples(x, y, named=_by_name(path, arrays, len(x)))


def _targets(path: Path, y: NDArray[np.generic], count: int) -> NDArray[np.generic]:
    if y.dtype.kind not in "fiub" or not np.isfinite(y).all():
        raise PackError(f"{path}: its targets are no numbers; give classes as 0, 1, 2, ...")
    if y.ndim == 0 or len(y) != count:
        raise PackError(
            f"{path}: holds {count} samples but {len(y) if y.ndim else 1} targets;"
            " they must be as many"
        )
    return y


def _by_name(
    path: Path, arrays: Mapping[str, NDArray[np.generic]], count: int
) -> dict[str, NDArray[np.float32]]:
    """Arrays that may be a model's further inputs: numbers, and as many samples."""
    return {
        name: _floats(path, array)
        for name, array in arrays.items()
        if array.dtype.kind in "fiub" and array.ndim > 0 and len(array) == count
    }


def _floats(path: Path, array: NDArray[np.generic]) -> NDArray[np.float32]:
    if array.dtype.kind not in "fiub" or array.ndim == 0 or array.size == 0:
        raise PackError(f"{path}: holds no numbers; the first axis must be the sample")
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(array, np.float32)
    if not (x.min() >= -_LARGEST and x.max() <= _LARGEST):
        raise PackError(f"{path}: holds NaN or values beyond {_LARGEST:.0e}; remove those samples")
    return x


def _load_folder(folder: Path, form: Form) -> Samples:
    files = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in _KINDS and path.is_file()
    )
    if not files:
        raise PackError(f"{folder}: holds no {' or '.join(_KINDS)} files; one file is one sample")
    x = _floats(folder, _read_all(files, form))
    names = [path.parent.relative_to(folder).as_posix() for path in files]
    if "." in names:
        return Samples(x, raw=True)
    labels = tuple(sorted(set(names)))
    return Samples(x, np.array([labels.index(name) for name in names]), labels, raw=True)


def _read_all(files: Sequence[Path], form: Form) -> NDArray[np.float32]:
    arrays: list[NDArray[np.float32]] = []
    for path in files:
        suffix = path.suffix.lower()
        try:
            if path.stat().st_size > MOST:
                raise PackError(f"{path}: has more than {MOST >> 20} MiB; cut it into samples")
            picture = suffix in SUFFIXES
            array = read_picture(path, form) if picture else _READERS[suffix](path)
        except OSError as error:
            raise PackError(f"{path}: cannot be read ({error.strerror}); check it") from error
        arrays.append(array)
        if array.shape != arrays[0].shape:
            raise PackError(
                f"{path}: is {array.shape} but {files[0].name} is {arrays[0].shape};"
                f" {_alike(path, files[0], array.shape[:2] == arrays[0].shape[:2])}"
            )
        if len(arrays) * array.nbytes > MOST:
            raise PackError(
                f"{path}: samples up to this fill more than {MOST >> 20} MiB; give fewer, or"
                " smaller ones: some hundreds are enough"
            )
    return np.stack(arrays)


def _alike(path: Path, first: Path, same_size: bool) -> str:
    """What makes samples of one shape of files of several."""
    pictures = [file.suffix.lower() in SUFFIXES for file in (path, first)]
    if all(pictures):
        key = "channels = 1 (grey) or 3 (colour)" if same_size else "resize = [height, width]"
        return f"write {key} into the file for --input"
    if path.suffix.lower() != first.suffix.lower():
        return "keep files of one kind in a folder"
    return "cut all samples to one length"


def _read_csv(path: Path) -> NDArray[np.float32]:
    """Rows are time, columns are channels; a heading without numbers is skipped.

    Cells are parted by commas, semicolons or tabs; numbers have a comma for a point where cells
    have another mark between them.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        first = next((line for line in lines if line.strip()), "")
        delimiter = next((mark for mark in ("\t", ";") if mark in first), ",")
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(map(str.strip, row))]
        if delimiter != ",":
            rows = [[cell.replace(",", ".") for cell in row] for row in rows]
        if rows and not any(map(_is_number, rows[0])):
            rows = rows[1:]
        return np.array([[float(cell) for cell in row] for row in rows], np.float32)
    except (ValueError, csv.Error) as error:
        raise PackError(f"{path}: {error}; a sample is a table of numbers") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_READERS: dict[str, Callable[[Path], NDArray[np.float32]]] = {".csv": _read_csv, ".wav": read_wav}
_KINDS = (*_READERS, *SUFFIXES)
