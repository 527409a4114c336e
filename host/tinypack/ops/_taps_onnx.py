"""What an output of ONNX's Resize and Upsample sees along one axis."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ir import Node
from ._build import refuse
from ._taps import Floats, Taps, cubic, gathered, interpolated, linear

_NEAREST: dict[str, Callable[[Floats], Floats]] = {
    "round_prefer_floor": lambda at: np.ceil(at - 0.5),
    "round_prefer_ceil": lambda at: np.floor(at + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}


@dataclass(frozen=True)
class Sampling:
    """The attributes of a node."""

    mode: str  # nearest, linear, cubic
    coordinates: str
    nearest: str
    cubic_a: float
    antialias: bool
    exclude_outside: bool
    outside: float  # of tf_crop_and_resize

    @staticmethod
    def of(node: Node, opset: int) -> "Sampling":
        a, mode = node.attrs, node.attrs.get("mode", "nearest")
        # Before opset 11 there was one kind of coordinates, and rounding was left open: what
        # onnxruntime does is what models of that time were made with.
        old = node.op == "Upsample" or opset < 11
        sampling = Sampling(
            "linear" if mode == "bilinear" else mode,
            a.get("coordinate_transformation_mode", "asymmetric" if old else "half_pixel"),
            a.get("nearest_mode", "simple" if old else "round_prefer_floor"),
            a.get("cubic_coeff_a", -0.75),
            bool(a.get("antialias", 0)),
            bool(a.get("exclude_outside", 0)),
            a.get("extrapolation_value", 0.0),
        )
        if sampling.mode not in ("nearest", "linear", "cubic"):
            raise refuse(node, f"has mode {mode!r}", "use nearest, linear or cubic")
        return sampling


def onnx_taps(
    s: Sampling, size: int, out: int, scale: float, region: tuple[float, float]
) -> tuple[Taps, NDArray[np.bool_]]:
    """The taps, and which outputs lie inside of the input."""
    at = _coordinates(s.coordinates, size, out, scale, region)
    inside = np.ones(out, np.bool_)
    if s.coordinates == "tf_crop_and_resize":
        inside = (at >= 0) & (at <= size - 1)
    if s.mode == "nearest":
        rounding = s.nearest
        if rounding == "simple":
            rounding = "ceil" if scale < 1 else "floor"
        taps = gathered(np.clip(_NEAREST[rounding](at), 0, size - 1).astype(np.int64))
    else:
        kernel, reach = (linear, 1) if s.mode == "linear" else (cubic(s.cubic_a), 2)
        shrink = max(1.0, 1 / scale) if s.antialias else 1.0
        taps = interpolated(
            at, size, kernel, reach, shrink=shrink, exclude_outside=s.exclude_outside
        )
    return Taps(taps.first, np.where(inside[:, None], taps.weights, 0)), inside


def _coordinates(
    mode: str, size: int, out: int, scale: float, region: tuple[float, float]
) -> Floats:
    i = np.arange(out, dtype=np.float64)
    length = scale * size  # of the output, before it was rounded to `out`
    start, end = region
    match mode:
        case "align_corners":
            at = i * ((size - 1) / (length - 1) if length != 1 else 0)
        case "asymmetric":
            at = i / scale
        case "tf_crop_and_resize":
            wide = (end - start) * (size - 1)
            at = start * (size - 1) + (
                i * wide / (length - 1) if length != 1 else wide / 2 + 0 * i
            )
        case "pytorch_half_pixel" if length == 1:
            at = 0 * i - 0.5
        case "tf_half_pixel_for_nn":
            at = (i + 0.5) / scale
        case "half_pixel_symmetric":
            at = size / 2 * (1 - out / length) + (i + 0.5) / scale - 0.5
        case _:
            at = (i + 0.5) / scale - 0.5
    # Runtimes count in binary32: i / 0.6 is a whole number there.
    return at.astype(np.float32).astype(np.float64)
