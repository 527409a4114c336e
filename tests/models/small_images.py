"""Operators that change the size of images, and networks that live from them."""

from typing import Any

from tests.models.small_graph import SmallGraph, model

# Resize and Upsample


def resized(g: SmallGraph, x: str, scales: tuple[float, ...], **attributes: Any) -> str:
    return g.op("Resize", x, "", g.constant(scales), **attributes)


@model()
def resize_nearest(g: SmallGraph) -> str:
    """Between two layers: no transposes."""
    x = g.op("Conv", g.x(1, 3, 5, 4), g.weights(4, 3, 3, 3))
    y = resized(g, g.op("Relu", x), (1, 1, 2, 2), mode="nearest", nearest_mode="floor")
    return g.op("Conv", y, g.weights(3, 4, 1, 1))


@model(opset=18)
def resize_linear(g: SmallGraph) -> str:
    return g.op(
        "Resize",
        g.x(1, 3, 5, 4),
        "",
        "",
        g.axes(9, 11),
        axes=[2, 3],
        mode="linear",
        coordinate_transformation_mode="align_corners",
    )


@model()
def resize_cubic(g: SmallGraph) -> str:
    x = g.op("Conv", g.x(1, 2, 6, 5), g.weights(3, 2, 1, 1))
    y = resized(g, x, (1, 1, 1.5, 2.2), mode="cubic", cubic_coeff_a=-0.5)
    return g.op("Relu", y)


@model(opset=18)
def resize_antialias(g: SmallGraph) -> str:
    return resized(g, g.x(1, 2, 9, 12), (1, 1, 0.4, 0.25), mode="linear", antialias=1)


@model()
def resize_signal(g: SmallGraph) -> str:
    x = g.op("Conv", g.x(1, 3, 12), g.weights(4, 3, 3))
    y = resized(g, x, (1, 1, 2), mode="linear")
    return g.op("Conv", y, g.weights(2, 4, 3))


@model(opset=13)
def resize_volume(g: SmallGraph) -> str:
    return resized(g, g.x(1, 2, 3, 4, 3), (1, 1, 2, 2, 2), mode="linear")


@model(opset=10)
def resize_10(g: SmallGraph) -> str:
    return g.op("Resize", g.x(1, 2, 6, 6), g.constant((1, 1, 0.6, 1.5)), mode="nearest")


@model(opset=9)
def upsample_9(g: SmallGraph) -> str:
    return g.op("Upsample", g.x(1, 2, 3, 4), g.constant((1, 1, 2, 3)), mode="linear")


@model(opset=7)
def upsample_7(g: SmallGraph) -> str:
    return g.op("Upsample", g.x(1, 2, 3, 4), mode="nearest", scales=[1.0, 1.0, 2.0, 3.0])


# ConvTranspose


def conv_transpose(
    g: SmallGraph, x: str, weights: tuple[int, ...], biased: bool = True, **attributes: Any
) -> str:
    operands = [x, g.weights(*weights)]
    if biased:
        operands.append(g.bias(weights[1] * attributes.get("group", 1)))
    return g.op("ConvTranspose", *operands, **attributes)


@model()
def conv_transpose_padded(g: SmallGraph) -> str:
    x = g.op("Conv", g.x(1, 2, 5, 4), g.weights(4, 2, 1, 1))
    attributes = {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}
    y = conv_transpose(g, x, (4, 3, 3, 3), **attributes)
    return g.op("Relu", g.batch_norm(y, 3))


@model()
def conv_transpose_groups(g: SmallGraph) -> str:
    return conv_transpose(g, g.x(1, 6, 3, 4), (6, 3, 4, 2), group=2, strides=[2, 3])


@model()
def conv_transpose_depthwise(g: SmallGraph) -> str:
    x = g.x(1, 5, 4, 4)
    return conv_transpose(g, x, (5, 1, 4, 4), group=5, strides=[2, 2], pads=[1, 1, 1, 1])


@model()
def conv_transpose_dilated(g: SmallGraph) -> str:
    return conv_transpose(g, g.x(1, 2, 4, 4), (2, 3, 2, 3), dilations=[2, 2], strides=[1, 2])


@model()
def conv_transpose_with_gaps(g: SmallGraph) -> str:
    """The kernel is smaller than its steps."""
    return conv_transpose(g, g.x(1, 2, 3, 4), (2, 3, 1, 2), strides=[3, 3], auto_pad="SAME_UPPER")


@model()
def conv_transpose_of_fixed_size(g: SmallGraph) -> str:
    """Larger than what the taps reach."""
    return conv_transpose(g, g.x(1, 2, 4, 3), (2, 3, 2, 3), strides=[2, 3], output_shape=[9, 10])


@model()
def conv_transpose_same(g: SmallGraph) -> str:
    x = g.x(1, 2, 4, 3)
    return conv_transpose(g, x, (2, 3, 3, 4), False, strides=[2, 2], auto_pad="SAME_LOWER")


@model()
def conv_transpose_signal(g: SmallGraph) -> str:
    x = g.op("Conv", g.x(1, 3, 12), g.weights(4, 3, 3))
    y = conv_transpose(g, x, (4, 2, 4), strides=[4])
    return g.op("Conv", y, g.weights(2, 2, 3))


# Three axes


@model()
def conv_volume(g: SmallGraph) -> str:
    x = g.x(1, 2, 5, 6, 4)
    attributes = {"strides": [2, 1, 1], "pads": [1, 1, 0, 1, 1, 1], "dilations": [1, 2, 1]}
    y = g.op("Conv", x, g.weights(4, 2, 3, 3, 2), g.bias(4), **attributes)
    return g.op("Conv", g.op("Relu", y), g.weights(3, 4, 1, 1, 1))


@model()
def conv_transpose_volume(g: SmallGraph) -> str:
    x = g.x(1, 2, 3, 4, 4)
    attributes = {"strides": [1, 2, 2], "pads": [1, 1, 1, 1, 1, 1]}
    return conv_transpose(g, x, (2, 3, 3, 4, 4), **attributes)


# Networks


def block(g: SmallGraph, x: str, channels: int, out: int) -> str:
    return g.op("Relu", g.op("Conv", x, g.weights(out, channels, 3, 3), pads=[1, 1, 1, 1]))


@model()
def u_net(g: SmallGraph) -> str:
    """Two levels; one goes up by a transposed convolution, one by a resize."""
    first = block(g, g.x(1, 2, 16, 16), 2, 4)
    second = block(g, g.op("MaxPool", first, kernel_shape=[2, 2], strides=[2, 2]), 4, 6)
    third = block(g, g.op("MaxPool", second, kernel_shape=[2, 2], strides=[2, 2]), 6, 8)
    up = conv_transpose(g, third, (8, 6, 2, 2), strides=[2, 2])
    second = block(g, g.op("Concat", up, second, axis=1), 12, 6)
    up = resized(g, second, (1, 1, 2, 2), mode="linear")
    first = block(g, g.op("Concat", up, first, axis=1), 10, 4)
    return g.op("Sigmoid", g.op("Conv", first, g.weights(1, 4, 1, 1)))


@model()
def generator(g: SmallGraph) -> str:
    """From a vector to an image, as DCGAN goes."""
    x = g.op("Reshape", g.x(1, 10), g.axes(1, 10, 1, 1))
    x = g.op("Relu", g.batch_norm(conv_transpose(g, x, (10, 12, 4, 4), False), 12))
    for channels, out in ((12, 8), (8, 6)):
        attributes = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
        x = conv_transpose(g, x, (channels, out, 4, 4), False, **attributes)
        x = g.op("Relu", g.batch_norm(x, out))
    return g.op("Tanh", conv_transpose(g, x, (6, 1, 3, 3), pads=[1, 1, 1, 1]))
