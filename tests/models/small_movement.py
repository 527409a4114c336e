"""Operators that only move elements, and the blocks of networks that live from them."""

import numpy as np

from tests.models.small_graph import SmallGraph, model

# One operator each


@model()
def concat_channels(g: SmallGraph) -> str:
    x = g.x(1, 3, 6, 6)
    return g.op("Concat", g.op("Conv", x, g.weights(4, 3, 1, 1)), x, axis=1)


@model()
def concat_with_constant(g: SmallGraph) -> str:
    return g.op("Concat", g.constant(np.linspace(-1, 2, 12).reshape(1, 12)), g.x(1, 5), axis=-1)


@model()
def concat_of_many(g: SmallGraph) -> str:
    """More than one node takes."""
    x = g.x(1, 4)
    parts = [g.op("Gemm", x, g.weights(3, 4), transB=1) for _ in range(19)]
    return g.op("Concat", *parts, axis=1)


@model()
def concat_of_other_ranges(g: SmallGraph) -> tuple[str, str]:
    """One input is read elsewhere and much smaller, one has a scale of its own."""
    x = g.x(1, 6)
    small = g.op("Gemm", x, g.constant(g.rng.standard_normal((6, 6)) / 100))
    joined = g.op("Concat", g.op("Sigmoid", x), small, x, axis=1)
    return g.op("Gemm", joined, g.weights(18, 4)), g.op("Gemm", small, g.weights(6, 6))


@model()
def split_channels(g: SmallGraph) -> tuple[str, str]:
    x = g.op("Conv", g.x(1, 3, 6, 6), g.weights(6, 3, 1, 1))
    a, b = g.split(x, (2, 4), axis=1)
    return g.op("Conv", a, g.weights(3, 2, 3, 3)), g.op("Conv", b, g.weights(3, 4, 3, 3))


@model(opset=9)
def slice_by_attributes(g: SmallGraph) -> str:
    return g.op("Slice", g.x(1, 4, 5, 6), starts=[0, -3], ends=[2, 99], axes=[1, 3])


@model()
def slice_backwards(g: SmallGraph) -> str:
    x = g.op("Conv", g.x(1, 2, 7, 6), g.weights(4, 2, 1, 1))
    ends = g.axes(-(1 << 60), 2)
    y = g.op("Slice", x, g.axes(1 << 60, -1), ends, g.axes(2, 3), g.axes(-2, -1))
    return g.op("Conv", y, g.weights(3, 4, 1, 1))


@model()
def gather_channels(g: SmallGraph) -> str:
    x = g.op("Gather", g.x(1, 6, 5, 5), g.axes(5, 0, 3, 3, -5), axis=1)
    return g.op("Conv", x, g.weights(2, 5, 3, 3))


@model()
def gather_one(g: SmallGraph) -> str:
    """A scalar index takes the axis away: the last step of a sequence."""
    return g.op("Gather", g.x(1, 7, 5), g.constant(-1, np.int64), axis=1)


@model()
def expand(g: SmallGraph) -> str:
    return g.op("Expand", g.x(4, 1), g.axes(2, 1, 6))


@model()
def tile(g: SmallGraph) -> str:
    return g.op("Tile", g.x(1, 3, 1, 4), g.axes(1, 2, 3, 2))


@model()
def pad_edge(g: SmallGraph) -> str:
    x = g.op("Pad", g.x(1, 3, 5, 6), g.axes(0, 0, 1, 2, 0, 0, 1, 0), mode="edge")
    return g.op("Conv", x, g.weights(4, 3, 3, 3))


@model()
def pad_reflect(g: SmallGraph) -> str:
    x = g.op("Pad", g.x(1, 3, 5, 6), g.axes(0, 0, 2, 1, 0, 0, 2, 3), mode="reflect")
    return g.op("Conv", x, g.weights(4, 3, 3, 3))


@model(opset=19)
def pad_wrap(g: SmallGraph) -> str:
    return g.op("Pad", g.x(1, 2, 5, 6), g.axes(0, 0, 2, 7, 0, 0, 0, 3), mode="wrap")


@model()
def pad_negative(g: SmallGraph) -> str:
    return g.op("Pad", g.x(1, 2, 5, 6), g.axes(0, 0, -1, 2, 0, 1, -2, -1), g.constant(0.5))


@model()
def pad_outer_of_five_axes(g: SmallGraph) -> str:
    return g.op("Pad", g.x(1, 2, 3, 2, 4), g.axes(0, 1, 0, 0, 2, 0, 0, 2, 0, 1))


# Blocks


@model()
def fire(g: SmallGraph) -> str:
    """SqueezeNet."""
    x = g.op("Relu", g.op("Conv", g.x(1, 8, 6, 6), g.weights(4, 8, 1, 1), g.bias(4)))
    a = g.op("Relu", g.op("Conv", x, g.weights(6, 4, 1, 1), g.bias(6)))
    b = g.op("Relu", g.op("Conv", x, g.weights(6, 4, 3, 3), g.bias(6), pads=[1, 1, 1, 1]))
    y = g.op("Concat", a, b, axis=1)
    return g.op("GlobalAveragePool", g.op("Conv", y, g.weights(5, 12, 1, 1)))


@model()
def inception(g: SmallGraph) -> str:
    x = g.x(1, 4, 8, 8)
    a = g.op("Conv", x, g.weights(3, 4, 1, 1))
    b = g.op("Conv", g.op("Relu", g.op("Conv", x, g.weights(2, 4, 1, 1))), g.weights(3, 2, 1, 1))
    c = g.op("MaxPool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    d = g.op("AveragePool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)
    joined = g.op("Concat", a, b, c, g.op("Conv", d, g.weights(2, 4, 1, 1)), axis=1)
    return g.op("MaxPool", g.op("Relu", joined), kernel_shape=[2, 2], strides=[2, 2])


@model()
def dense_block(g: SmallGraph) -> str:
    """DenseNet: every layer reads all before it."""
    x = g.op("Conv", g.x(1, 3, 6, 6), g.weights(4, 3, 3, 3), pads=[1, 1, 1, 1])
    for channels in (4, 8, 12):
        y = g.op("Relu", g.batch_norm(x, channels))
        y = g.op("Conv", y, g.weights(4, channels, 3, 3), pads=[1, 1, 1, 1])
        x = g.op("Concat", x, y, axis=1)
    return g.op("GlobalAveragePool", g.op("Relu", g.batch_norm(x, 16)))


@model()
def attention_tokens(g: SmallGraph) -> str:
    """Pixels become rows."""
    x = g.op("Conv", g.x(1, 3, 4, 4), g.weights(6, 3, 2, 2), strides=[2, 2])
    rows = g.op("Transpose", g.op("Reshape", x, g.axes(1, 6, 4)), perm=[0, 2, 1])
    return g.op("MatMul", rows, g.weights(6, 5))
