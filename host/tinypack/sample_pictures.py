"""Pictures as samples: numbers in [0, 1], [height, width, channels]."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import PackError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm")
WIDEST = 4096
GREY, COLOUR = 1, 3


class Form(NamedTuple):
    """What pictures are brought to: height and width, and 1 channel or 3; None leaves them."""

    resize: tuple[int, int] | None = None
    channels: int | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Form":
        """Of an input spec, or of what a file remembers of it; ValueError names the wrong key."""
        size, channels = record.get("resize"), record.get("channels")
        if size is not None and not (
            isinstance(size, list) and len(size) == 2 and all(n in range(1, WIDEST) for n in size)
        ):
            raise ValueError(f"resize must be [height, width], of pixels below {WIDEST}")
        if channels not in (None, GREY, COLOUR):
            raise ValueError(f"channels must be {GREY} (grey) or {COLOUR} (colour)")
        return cls((size[0], size[1]) if size else None, channels)


def read_picture(path: Path, form: Form) -> NDArray[np.float32]:
    """1 channel of a grey picture, else 3, unless the form says."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture: Image.Image = Image.open(path)
        with picture:
            if picture.mode.startswith("I"):  # 16 bits, which convert() would cut off
                grey = np.array(picture, np.float32) / np.float32(65535)
                picture, most = Image.fromarray(grey), 1.0
            else:
                mode = "L" if picture.mode in ("1", "L", "LA") else "RGB"
                if form.channels is not None:
                    mode = "L" if form.channels == GREY else "RGB"
                picture, most = picture.convert(mode), 255.0
            if form.resize is not None:
                size = (form.resize[1], form.resize[0])
                picture = picture.resize(size, Image.Resampling.BILINEAR)
            pixels: NDArray[np.float32] = np.array(picture, np.float32) / np.float32(most)
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise PackError(f"{path}: not a readable picture ({error}); convert it to PNG") from error
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    return np.repeat(pixels, form.channels or 1, -1) if pixels.shape[-1] == GREY else pixels


def remedy(given: tuple[int, ...], wanted: tuple[int, ...]) -> str | None:
    """What to write into the input spec for pictures that are not as the model wants them, both
    channels last; None where that would not help."""
    if len(given) != 3 or given[-1] not in (GREY, COLOUR) or len(wanted) < 2:
        return None
    *size, channels = (*wanted, GREY) if len(wanted) == 2 else wanted[-3:]
    keys = [] if tuple(size) == given[:2] else [f"resize = {size}"]
    if channels not in (GREY, COLOUR):
        return None
    if channels != given[-1]:
        keys.append(f"channels = {channels}")
    return f"write {' and '.join(keys)} into the file for --input" if keys else None
