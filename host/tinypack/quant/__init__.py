"""Post-training quantization: a legal float graph and samples to integers."""

from .policy import PRECISIONS
from .quantizer import QuantizedGraph, quantize_graph

__all__ = ["PRECISIONS", "QuantizedGraph", "quantize_graph"]
