"""The intermediate representation: graphs of named values, whatever file they come from."""

from .graph import Graph, Model, Node, Use, Value, constant
from .tensor import Array, FloatArray, QuantParams, Shape, nhwc_view
from .text import format_graph, parse_graph
from .verify import GraphError, verify

__all__ = [
    "Array",
    "FloatArray",
    "Graph",
    "GraphError",
    "Model",
    "Node",
    "QuantParams",
    "Shape",
    "Use",
    "Value",
    "constant",
    "format_graph",
    "nhwc_view",
    "parse_graph",
    "verify",
]
