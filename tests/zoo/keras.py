"""Networks as tf2onnx exports them: NHWC at the door, transposes around what wants NCHW."""

import numpy as np

from .builder import Net


def _nchw(n: Net, *shape: int, name: str = "x") -> str:
    return n.transpose(n.input(*shape, name=name), 0, 3, 1, 2)


def _nhwc(n: Net, x: str) -> str:
    return n.transpose(x, 0, 2, 3, 1)


def keras_cnn() -> Net:
    """Flatten counts in NHWC: the weights behind it are in that order."""
    n = Net("keras_cnn", opset=15)
    x = n.max_pool(n.op("Relu", n.conv(_nchw(n, 1, 28, 28, 1), 1, 8, pad=0)))
    x = n.max_pool(n.op("Relu", n.conv(x, 8, 16, pad=0)))
    x = n.matmul(n.reshape(_nhwc(n, x), 1, -1), 16 * 25, 10)
    return n, n.op("Softmax", x, axis=-1)


def keras_same_padding() -> Net:
    """SAME with stride 2: more padding behind than before, in the layer and as a Pad."""
    n = Net("keras_same_padding", opset=13)
    x = _nchw(n, 1, 48, 48, 3)
    weights = n.constant(n.normal(8, 3, 3, 3, scale=0.27))
    x = n.op("Conv", x, weights, strides=[2, 2], pads=[0, 0, 1, 1], kernel_shape=[3, 3])
    x = n.op("Pad", n.activation(x, "Relu6"), n.integers(0, 0, 0, 0, 0, 0, 1, 1))
    x = n.activation(n.depthwise(x, 8, 3, 2, pad=0), "Relu6")
    x = n.activation(n.conv(x, 8, 16, 1), "Relu6")
    x = n.op("Squeeze", n.op("GlobalAveragePool", x), n.integers(2, 3))
    return n, n.matmul(x, 16, 5)


def keras_mobilenet_block() -> Net:
    n = Net("keras_mobilenet_block", opset=15)
    x = n.activation(n.conv(_nchw(n, 1, 32, 32, 3), 3, 16, 3, 2), "Relu6")
    y = n.activation(n.conv(x, 16, 48, 1), "Relu6")
    y = n.conv(n.activation(n.depthwise(y, 48), "Relu6"), 48, 16, 1)
    x = _nhwc(n, n.op("Add", x, y))
    x = n.op("ReduceMean", x, axes=[1, 2], keepdims=0)
    return n, n.op("Softmax", n.matmul(x, 16, 6), axis=-1)


def keras_conv1d() -> Net:
    """A convolution over time as a 2-D one between Unsqueeze and Squeeze."""
    n = Net("keras_conv1d", opset=13)
    x = n.transpose(n.input(1, 64, 3), 0, 2, 1)
    for c, oc in ((3, 12), (12, 16)):
        x = n.op("Unsqueeze", x, n.integers(2))
        x = n.op("Relu", n.conv(x, c, oc, (1, 5), pad=None))
        x = n.op("Squeeze", x, n.integers(2))
    x = n.op("ReduceMean", n.transpose(x, 0, 2, 1), axes=[1], keepdims=0)
    return n, n.matmul(x, 16, 4)


def keras_batch_norm_as_affine() -> Net:
    """BatchNormalization that tf2onnx has turned into Mul and Add, in NHWC."""
    n = Net("keras_batch_norm_as_affine", opset=15)
    x = _nhwc(n, n.conv(_nchw(n, 1, 24, 24, 3), 3, 12, bias=False))
    x = n.op("Mul", x, n.constant(1 + 0.2 * n.normal(12)))
    x = n.op("Relu", n.op("Add", x, n.constant(n.normal(12, scale=0.2))))
    x = n.op("ReduceMax", x, axes=[1, 2], keepdims=0)
    return n, n.matmul(x, 12, 4)


def keras_upsampling() -> Net:
    n = Net("keras_upsampling", opset=13)
    x = n.op("Relu", n.conv(_nchw(n, 1, 16, 16, 2), 2, 12, 3, 2))
    x = n.op(
        "Resize",
        x,
        "",
        n.constant([1, 1, 2, 2]),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return n, _nhwc(n, n.op("Sigmoid", n.conv(x, 12, 1)))


def keras_rescaling() -> Net:
    """Pictures of 0 … 255 that the model scales itself."""
    n = Net("keras_rescaling", opset=15)
    x = n.op("Mul", n.input(1, 24, 24, 3), n.constant(1 / 64.0))
    x = n.op("Sub", x, n.constant(np.float32([0.5, 0.4, 0.6])))
    x = n.transpose(x, 0, 3, 1, 2)
    x = n.op("Relu", n.conv(n.op("Relu", n.conv(x, 3, 8, 3, 2)), 8, 16, 3, 2))
    x = n.op("Squeeze", n.op("GlobalAveragePool", x), n.integers(2, 3))
    return n, n.matmul(x, 16, 4)


def keras_gelu_swish() -> Net:
    n = Net("keras_gelu_swish", opset=15)
    x = n.activation(n.matmul(n.input(1, 12), 12, 32), "Silu")
    cube = n.op("Mul", n.op("Mul", x, x), x)
    inner = n.op("Add", x, n.op("Mul", cube, n.constant(0.044715)))
    inner = n.op("Tanh", n.op("Mul", inner, n.constant(0.7978845608)))
    x = n.op("Mul", n.op("Mul", x, n.constant(0.5)), n.op("Add", inner, n.constant(1.0)))
    return n, n.matmul(x, 32, 3)


NETS = (
    keras_cnn,
    keras_same_padding,
    keras_mobilenet_block,
    keras_conv1d,
    keras_batch_norm_as_affine,
    keras_upsampling,
    keras_rescaling,
    keras_gelu_swish,
)
