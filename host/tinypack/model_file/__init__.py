"""The model file of SPEC.md: records (spec), bytes (writer, reader), weight layouts (layout)."""

from .reader import read_model
from .spec import GoldenSpec, ModelSpec, NodeSpec, QuantizerSpec, TensorSpec
from .writer import write_model

__all__ = [
    "GoldenSpec",
    "ModelSpec",
    "NodeSpec",
    "QuantizerSpec",
    "TensorSpec",
    "read_model",
    "write_model",
]
