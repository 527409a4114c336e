"""Shuffles of channels and pixels: as few movements as the arithmetic needs, and against ORT."""

import pytest

from tests.models.small_graph import SmallGraph

from .imported import check, inner_transposes


def shuffled(g: SmallGraph, x: str, channels: int, h: int, w: int, groups: int = 2) -> str:
    """As PyTorch's view, transpose, view."""
    y = g.op("Reshape", x, g.axes(1, groups, channels // groups, h, w))
    y = g.op("Transpose", y, perm=[0, 2, 1, 3, 4])
    return g.op("Reshape", y, g.axes(1, channels, h, w))


def depthwise(g: SmallGraph, x: str, channels: int, **attributes: object) -> str:
    weights = g.weights(channels, 1, 3, 3)
    return g.op("Conv", x, weights, pads=[1, 1, 1, 1], group=channels, **attributes)


def shuffle_net_1(g: SmallGraph) -> str:
    x = g.x(1, 8, 6, 6)
    y = g.op("Relu", g.op("Conv", x, g.weights(4, 4, 1, 1), group=2))
    y = depthwise(g, shuffled(g, y, 4, 6, 6), 4)
    y = g.op("Conv", y, g.weights(8, 2, 1, 1), group=2)
    return g.op("GlobalAveragePool", g.op("Relu", g.op("Add", x, y)))


def shuffle_net_2(g: SmallGraph) -> str:
    """Two units; the second begins with the halves of what the first has shuffled."""
    x = g.op("Conv", g.x(1, 3, 6, 6), g.weights(8, 3, 1, 1))
    for _ in range(2):
        kept, y = g.split(x, (4, 4), axis=1)
        y = g.op("Relu", g.op("Conv", y, g.weights(4, 4, 1, 1)))
        y = g.op("Conv", depthwise(g, y, 4), g.weights(4, 4, 1, 1))
        x = shuffled(g, g.op("Concat", kept, y, axis=1), 8, 6, 6)
    return g.op("GlobalAveragePool", g.op("Conv", x, g.weights(5, 8, 1, 1)))


def super_resolution(g: SmallGraph) -> str:
    y = g.op("Conv", g.x(1, 3, 6, 5), g.weights(12, 3, 3, 3), pads=[1, 1, 1, 1])
    y = g.op("DepthToSpace", y, blocksize=2, mode="CRD")
    return g.op("Conv", y, g.weights(1, 3, 3, 3))


def focus(g: SmallGraph) -> str:
    """How YOLO models begin."""
    y = g.op("SpaceToDepth", g.x(1, 3, 8, 6), blocksize=2)
    return g.op("Conv", y, g.weights(4, 12, 3, 3))


def window_partition(g: SmallGraph) -> str:
    """Seven axes, as a video transformer's windows."""
    x = g.op("Reshape", g.x(1, 4, 2, 3, 10), g.axes(1, 2, 2, 2, 1, 3, 2, 5))
    y = g.op("Transpose", x, perm=[0, 1, 3, 5, 2, 4, 6, 7])
    return g.op("Reshape", y, g.axes(12, 20))


def side_input(g: SmallGraph) -> str:
    """A map that a dense layer makes joins a larger one that convolution makes."""
    dense = g.op("Reshape", g.op("Gemm", g.x(1, 5), g.weights(5, 36)), g.axes(1, 1, 6, 6))
    y = g.op("Conv", g.x(1, 3, 6, 6, name="image"), g.weights(4, 3, 1, 1))
    return g.op(
        "Conv",
        g.op("Concat", y, g.op("Tile", dense, g.axes(1, 2, 1, 1)), axis=1),
        g.weights(2, 6, 1, 1),
    )


@pytest.mark.parametrize(
    ("body", "shuffles"),
    [
        (shuffle_net_1, 1),
        (shuffle_net_2, 2),
        (super_resolution, 1),
        (focus, 1),
        (side_input, 1),
        (window_partition, 1),
    ],
)
def test_each_shuffle_is_one_transpose(body, shuffles, tmp_path):
    g = SmallGraph(body.__name__)
    g.output(body(g))
    graph = check(g.model(), tmp_path)
    assert len(inner_transposes(graph)) == shuffles
