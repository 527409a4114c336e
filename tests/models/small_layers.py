"""Convolutions, paddings, normalizations, pools, means and matrix products."""

import numpy as np
from onnx import numpy_helper
from tinypack.demo.layers import he_normal

from tests.models.small_graph import SmallGraph, model

# Convolution


@model()
def conv_2d(g: SmallGraph) -> str:
    return g.op("Conv", g.x(1, 3, 8, 8), g.weights(8, 3, 3, 3), g.bias(8), pads=[1, 1, 1, 1])


@model()
def conv_2d_no_bias(g: SmallGraph) -> str:
    return g.op("Conv", g.x(1, 3, 8, 8), g.weights(8, 3, 3, 3))


@model()
def conv_2d_pointwise(g: SmallGraph) -> str:
    return g.op("Conv", g.x(1, 8, 5, 5), g.weights(6, 8, 1, 1), g.bias(6))


@model()
def conv_2d_stride_asymmetric_pads(g: SmallGraph) -> str:
    x = g.x(1, 2, 9, 7)
    return g.op("Conv", x, g.weights(4, 2, 3, 3), g.bias(4), strides=[2, 1], pads=[0, 1, 2, 0])


@model()
def conv_2d_dilated(g: SmallGraph) -> str:
    return g.op("Conv", g.x(1, 2, 9, 9), g.weights(4, 2, 3, 3), g.bias(4), dilations=[2, 3])


@model()
def conv_2d_grouped(g: SmallGraph) -> str:
    return g.op("Conv", g.x(1, 8, 6, 6), g.weights(4, 4, 3, 3), g.bias(4), group=2)


@model()
def conv_2d_same_upper(g: SmallGraph) -> str:
    x = g.x(1, 2, 8, 8)
    return g.op("Conv", x, g.weights(4, 2, 3, 3), g.bias(4), strides=[2, 2], auto_pad="SAME_UPPER")


@model()
def conv_2d_same_lower(g: SmallGraph) -> str:
    x = g.x(1, 2, 8, 8)
    return g.op("Conv", x, g.weights(4, 2, 3, 3), g.bias(4), strides=[2, 2], auto_pad="SAME_LOWER")


@model()
def conv_2d_valid(g: SmallGraph) -> str:
    return g.op("Conv", g.x(1, 2, 8, 8), g.weights(4, 2, 3, 3), g.bias(4), auto_pad="VALID")


@model()
def depthwise_conv_2d(g: SmallGraph) -> str:
    x = g.x(1, 6, 7, 7)
    return g.op("Conv", x, g.weights(6, 1, 3, 3), g.bias(6), group=6, pads=[1, 1, 1, 1])


@model()
def depthwise_conv_2d_multiplier(g: SmallGraph) -> str:
    x = g.x(1, 3, 7, 7)
    return g.op("Conv", x, g.weights(6, 1, 3, 3), g.bias(6), group=3, strides=[2, 2])


@model()
def conv_1d(g: SmallGraph) -> str:
    """A net as for accelerometer windows: [1, axes, samples]."""
    y = g.op("Conv", g.x(1, 3, 32), g.weights(8, 3, 5), g.bias(8), pads=[2, 2])
    y = g.op("MaxPool", g.op("Relu", y), kernel_shape=[2], strides=[2])
    y = g.op("Conv", y, g.weights(8, 1, 3), g.bias(8), group=8, dilations=[2])
    y = g.op("AveragePool", g.op("Relu", y), kernel_shape=[4], strides=[4])
    y = g.op("Gemm", g.op("Flatten", y), g.weights(24, 5), g.bias(5))
    return g.op("Softmax", y, axis=1)


@model()
def conv_weights_as_constant_node(g: SmallGraph) -> str:
    value = numpy_helper.from_array(he_normal(g.rng, (4, 3, 3, 3)).astype(np.float32))
    return g.op("Conv", g.x(1, 3, 8, 8), g.op("Constant", value=value), g.bias(4))


# Padding


@model()
def pad_conv(g: SmallGraph) -> str:
    """PyTorch's ZeroPad2d before a strided convolution."""
    x = g.op("Pad", g.x(1, 2, 8, 8), g.axes(0, 0, 0, 0, 0, 0, 1, 1))
    return g.op("Conv", x, g.weights(4, 2, 3, 3), g.bias(4), strides=[2, 2])


@model()
def pad_value_input(g: SmallGraph) -> str:
    return g.op("Pad", g.x(1, 2, 4, 5), g.axes(0, 0, 1, 2, 0, 1, 0, 3), g.constant(0.5))


@model(opset=10)
def pad_value_attribute(g: SmallGraph) -> str:
    return g.op("Pad", g.x(1, 2, 4, 5), pads=[0, 0, 1, 2, 0, 1, 0, 3], value=0.5)


@model(opset=18)
def pad_axes_input(g: SmallGraph) -> str:
    return g.op("Pad", g.x(1, 2, 4, 5), g.axes(1, 2), "", g.axes(-1))


# Normalization, pools, means


@model()
def batch_norm_after_conv(g: SmallGraph) -> str:
    y = g.op("Conv", g.x(1, 3, 6, 6), g.weights(4, 3, 3, 3), pads=[1, 1, 1, 1])
    return g.op("Relu", g.batch_norm(y, 4))


@model()
def batch_norm_after_gemm(g: SmallGraph) -> str:
    return g.batch_norm(g.op("Gemm", g.x(1, 6), g.weights(4, 6), g.bias(4), transB=1), 4)


@model()
def batch_norm_before_conv(g: SmallGraph) -> str:
    """Padding comes after the normalization: its shift must not be folded into the convolution."""
    x = g.batch_norm(g.x(1, 3, 6, 6), 3)
    return g.op("Conv", x, g.weights(4, 3, 3, 3), g.bias(4), pads=[1, 1, 1, 1])


@model()
def batch_norm_alone(g: SmallGraph) -> str:
    return g.batch_norm(g.op("Relu", g.x(1, 3, 4, 4)), 3)


@model()
def max_pool(g: SmallGraph) -> str:
    return g.op("MaxPool", g.x(1, 3, 7, 7), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])


@model()
def max_pool_ceil(g: SmallGraph) -> str:
    return g.op("MaxPool", g.x(1, 3, 7, 7), kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)


@model()
def average_pool(g: SmallGraph) -> str:
    x = g.x(1, 3, 7, 7)
    return g.op("AveragePool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])


@model()
def average_pool_include_pad(g: SmallGraph) -> str:
    window = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
    return g.op("AveragePool", g.x(1, 3, 7, 7), count_include_pad=1, **window)


@model()
def global_average_pool(g: SmallGraph) -> str:
    return g.op("GlobalAveragePool", g.x(1, 3, 5, 6))


@model()
def global_max_pool(g: SmallGraph) -> str:
    return g.op("GlobalMaxPool", g.x(1, 3, 5, 6))


@model()
def reduce_mean_attribute(g: SmallGraph) -> str:
    return g.op("ReduceMean", g.x(1, 3, 5, 6), axes=[2, 3], keepdims=0)


@model(opset=18)
def reduce_mean_input(g: SmallGraph) -> str:
    return g.op("ReduceMean", g.x(1, 3, 5, 6), g.axes(-1, -2), keepdims=0)


@model()
def reduce_mean_keepdims(g: SmallGraph) -> str:
    return g.op("ReduceMean", g.x(1, 3, 5, 6), axes=[1])


# Matrix products


@model()
def gemm(g: SmallGraph) -> str:
    return g.op("Gemm", g.x(1, 12), g.weights(7, 12), g.bias(7), transB=1)


@model()
def gemm_no_bias(g: SmallGraph) -> str:
    return g.op("Gemm", g.x(1, 12), g.weights(12, 7))


@model()
def gemm_alpha_beta(g: SmallGraph) -> str:
    return g.op("Gemm", g.x(1, 12), g.weights(12, 7), g.bias(7), alpha=0.5, beta=2.0)


@model()
def gemm_transposed_input(g: SmallGraph) -> str:
    return g.op("Gemm", g.x(12, 1), g.weights(12, 7), g.bias(7), transA=1)


@model()
def matmul_add(g: SmallGraph) -> str:
    return g.op("Add", g.op("MatMul", g.x(1, 12), g.weights(12, 7)), g.bias(7))


@model()
def matmul_rows(g: SmallGraph) -> str:
    """A dense layer over the last of three axes."""
    return g.op("Add", g.bias(7), g.op("MatMul", g.x(1, 5, 12), g.weights(12, 7)))
