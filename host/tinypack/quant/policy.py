"""Which layer gets weights of which width."""

from ..ir import Graph, Node

# What a user asks for, and what it means.
PRECISIONS = {
    "int8": "all weights s8",
    "int4": "all weights s4",
    "int16": "all weights s8, activations s16",
    "mixed": "weights s4, but s8 in the first, the last and all depthwise layers",
    "auto": "weights s4, but s8 in layers where that costs too much accuracy",
}

LINEAR = ("conv_2d", "depthwise_conv_2d", "fully_connected", "transpose_conv_2d")
# Layers that hold their weights as attributes.
_RECURRENT = ("gru", "lstm", "rnn", "svdf")


def activation_dtype(precision: str) -> str:
    return "s16" if precision == "int16" else "s8"


def weight_dtypes(graph: Graph, precision: str) -> dict[Node, str]:
    """By linear layer; auto chooses later, on samples.

    Mixed keeps wide what is small and hurts: first layers see the finest input, last ones decide,
    and a depthwise channel has nine taps in which no error averages out.
    """
    layers = [node for node in graph.nodes if node.op in (*LINEAR, *_RECURRENT)]
    if precision in ("int8", "int16", "auto"):
        return dict.fromkeys(layers, "s8")
    dtypes = dict.fromkeys(layers, "s4")
    if precision == "mixed":
        wide = [*layers[:1], *layers[-1:], *(n for n in layers if n.op == "depthwise_conv_2d")]
        dtypes |= dict.fromkeys(wide, "s8")
    return dtypes
