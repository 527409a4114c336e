"""What exporters do to shapes, layouts and weights, and what must be refused."""

import numpy as np
import onnx
from onnx import helper

from tests.models.small_graph import REFUSED, SmallGraph, model

# Layout and shape


@model()
def transpose(g: SmallGraph) -> str:
    return g.op("Transpose", g.x(1, 2, 3, 4), perm=[0, 3, 1, 2])


@model()
def transpose_default(g: SmallGraph) -> str:
    return g.op("Transpose", g.x(2, 3, 4))


@model()
def transpose_around_conv(g: SmallGraph) -> str:
    """NHWC in and out, as tf2onnx writes it."""
    x = g.op("Transpose", g.x(1, 6, 6, 3), perm=[0, 3, 1, 2])
    y = g.op("Relu", g.op("Conv", x, g.weights(4, 3, 3, 3), g.bias(4)))
    return g.op("Transpose", y, perm=[0, 2, 3, 1])


@model(opset=13)
def transpose_flatten(g: SmallGraph) -> str:
    """Flattened NHWC after NCHW layers: the order of the weights' inputs depends on it."""
    y = g.op("Conv", g.x(1, 2, 6, 6), g.weights(4, 2, 3, 3), g.bias(4))
    y = g.op("Reshape", g.op("Transpose", y, perm=[0, 2, 3, 1]), g.axes(-1, 64))
    return g.op("Gemm", y, g.weights(5, 64), g.bias(5), transB=1)


@model()
def flatten_conv(g: SmallGraph) -> str:
    """Flattened NCHW, as PyTorch."""
    y = g.op("Conv", g.x(1, 2, 6, 6), g.weights(4, 2, 3, 3), g.bias(4))
    return g.op("Gemm", g.op("Flatten", y), g.weights(5, 64), g.bias(5), transB=1)


@model(opset=11)
def squeeze_attribute(g: SmallGraph) -> str:
    y = g.op("Unsqueeze", g.x(1, 3, 8), axes=[2])
    y = g.op("Conv", y, g.weights(4, 3, 1, 3), g.bias(4))
    return g.op("Squeeze", y, axes=[2])


@model(opset=13)
def squeeze_input(g: SmallGraph) -> str:
    y = g.op("Unsqueeze", g.x(1, 3, 8), g.axes(2))
    y = g.op("Conv", y, g.weights(4, 3, 1, 3), g.bias(4))
    return g.op("Squeeze", y, g.axes(-2))


@model()
def squeeze_all(g: SmallGraph) -> str:
    return g.op("Squeeze", g.x(1, 1, 6))


@model()
def flatten_axis(g: SmallGraph) -> str:
    return g.op("Flatten", g.x(2, 3, 4), axis=-1)


@model()
def reshape_zero_and_minus_one(g: SmallGraph) -> str:
    return g.op("Reshape", g.x(1, 2, 3, 4), g.axes(0, -1, 4))


@model()
def reshape_chain(g: SmallGraph) -> str:
    """PyTorch's view(x.size(0), -1): the shape is computed in the graph."""
    y = g.op("Relu", g.x(1, 2, 3, 4))
    batch = g.op("Gather", g.op("Shape", y), g.constant(0, np.int64), axis=0)
    shape = g.op("Concat", g.op("Unsqueeze", batch, g.axes(0)), g.axes(-1), axis=0)
    return g.op("Gemm", g.op("Reshape", y, shape), g.weights(5, 24), g.bias(5), transB=1)


@model()
def symbolic_batch(g: SmallGraph) -> str:
    y = g.op("Flatten", g.op("Relu", g.x("batch", 2, 3, 4)))
    return g.op("Gemm", y, g.weights(5, 24), g.bias(5), transB=1)


# What leaves no trace


@model()
def identity_dropout(g: SmallGraph) -> str:
    y = g.op("Dropout", g.op("Identity", g.x(1, 6)), g.constant(0.5))
    return g.op("Cast", g.op("Relu", y), to=onnx.TensorProto.FLOAT)


@model()
def identity_weights(g: SmallGraph) -> str:
    """Shared weights come through Identity nodes from PyTorch."""
    weights = g.weights(6, 6)
    y = g.op("Relu", g.op("Gemm", g.x(1, 6), weights))
    return g.op("Gemm", y, g.op("Identity", weights))


@model(opset=8, ir_version=3)
def initializers_as_inputs(g: SmallGraph) -> str:
    """Before IR version 4 every initializer is a graph input as well."""
    y = g.op("Gemm", g.x(1, 6), g.weights(4, 6), g.bias(4), transB=1)
    for tensor in g.initializers.values():
        g.inputs.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    return y


# What must be refused


@model(into=REFUSED)
def unknown_operator(g: SmallGraph) -> str:
    return g.op("Det", g.op("Relu", g.x(1, 3, 3)))


@model(into=REFUSED)
def symbolic_width(g: SmallGraph) -> str:
    return g.op("Conv", g.x(1, 3, 8, "width"), g.weights(4, 3, 3, 3), pads=[1, 1, 1, 1])


@model(into=REFUSED)
def weights_as_input(g: SmallGraph) -> str:
    return g.op("Conv", g.x(1, 3, 8, 8), g.x(4, 3, 3, 3, name="weights"))


@model(into=REFUSED)
def data_dependent_shape(g: SmallGraph) -> str:
    return g.op("Cast", g.op("NonZero", g.x(2, 3)), to=onnx.TensorProto.FLOAT)
