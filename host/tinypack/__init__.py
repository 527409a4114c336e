"""Packs trained networks into one file for microcontrollers.

    packed = tinypack.pack("model.onnx", calibration=samples)
    Path("model.tinf").write_bytes(packed.file)

or step by step: load() to a graph, quantize() to integers, pack() for all of it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pipeline import Packed, load, pack, quantize

__all__ = ["Packed", "load", "pack", "quantize"]


def __getattr__(name: str) -> Any:
    # numpy and onnx are loaded when first needed: `tinypack --help` needs neither.
    if name in __all__:
        from . import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
