"""Networks for sound, motion and other series, and for tables of numbers."""

from itertools import pairwise

import numpy as np

from .builder import Net


def ds_cnn() -> Net:
    n = Net("ds_cnn", opset=13)
    x = n.conv_bn(n.input(1, 1, 49, 10), 1, 32, (10, 4), 2)
    for _ in range(3):
        x = n.op("Relu", n.batch_norm(n.depthwise(x, 32, bias=False), 32))
        x = n.conv_bn(x, 32, 32, 1)
    return n, n.classifier(x, 32, 12)


def res8() -> Net:
    n = Net("res8", opset=11)
    x = n.average_pool(n.op("Relu", n.conv(n.input(1, 1, 40, 24), 1, 20, bias=False)), 4, 4)
    for _ in range(3):
        y = n.op("Relu", n.conv(x, 20, 20, bias=False))
        x = n.batch_norm(n.op("Add", n.op("Relu", n.conv(y, 20, 20, bias=False)), x), 20)
    return n, n.dense(n.global_pool(x), 20, 12)


def tcn() -> Net:
    """Dilated causal convolutions: padding only on the left."""
    n = Net("tcn", opset=17)
    x, c = n.input(1, 6, 64), 6
    for dilation in (1, 2, 4):
        y = n.op("Pad", x, n.integers(0, 0, 2 * dilation, 0, 0, 0))
        y = n.op("Relu", n.conv(y, c, 16, (3,), pad=0, dilation=dilation))
        skip = x if c == 16 else n.conv(x, c, 16, (1,))
        x, c = n.op("Relu", n.op("Add", y, skip)), 16
    last = n.op("Gather", x, n.constant(-1, np.int64), axis=2)
    return n, n.dense(last, 16, 5)


def wavenet_gate() -> Net:
    n = Net("wavenet_gate", opset=13)
    x = n.conv(n.input(1, 1, 96), 1, 12, (1,))
    skips = []
    for dilation in (1, 2, 4):
        y = n.op("Tanh", n.conv(x, 12, 12, (3,), dilation=dilation))
        y = n.op("Mul", y, n.op("Sigmoid", n.conv(x, 12, 12, (3,), dilation=dilation)))
        skips.append(n.conv(y, 12, 8, (1,)))
        x = n.op("Add", x, n.conv(y, 12, 12, (1,)))
    x = n.op("Relu", n.op("Sum", *skips))
    return n, n.op(
        "LogSoftmax", n.dense(n.op("Flatten", n.op("GlobalAveragePool", x)), 8, 6), axis=1
    )


def resnet_1d() -> Net:
    n = Net("resnet_1d", opset=13)
    x = n.op("Relu", n.batch_norm(n.conv(n.input(1, 3, 128), 3, 16, (7,), 2), 16))
    for _ in range(2):
        y = n.op("Relu", n.batch_norm(n.conv(x, 16, 16, (3,)), 16))
        x = n.op("Relu", n.op("Add", n.batch_norm(n.conv(y, 16, 16, (3,)), 16), x))
    return n, n.dense(n.global_pool(x), 16, 6)


def crnn() -> Net:
    n = Net("crnn", opset=14)
    x = n.conv_bn(n.input(1, 1, 32, 16), 1, 8, 3, 2)
    x = n.reshape(n.transpose(x, 2, 0, 1, 3), 16, 1, 64)
    y = n.recurrent("GRU", x, 64, 16)
    last = n.op("Gather", n.op("Squeeze", y, n.integers(1)), n.constant(-1, np.int64), axis=0)
    return n, n.dense(last, 16, 8)


def gru_classifier() -> Net:
    n = Net("gru_classifier", opset=14)
    x = n.transpose(n.input(1, 24, 6), 1, 0, 2)
    y = n.op("Squeeze", n.recurrent("GRU", x, 6, 16), n.integers(1))
    return n, n.dense(n.op("Gather", y, n.constant(-1, np.int64), axis=0), 16, 5)


def lstm_classifier() -> Net:
    n = Net("lstm_classifier", opset=14)
    x = n.transpose(n.input(1, 24, 6), 1, 0, 2)
    y = n.op("Squeeze", n.recurrent("LSTM", x, 6, 16), n.integers(1))
    return n, n.dense(n.op("Gather", y, n.constant(-1, np.int64), axis=0), 16, 5)


def bilstm_tagger() -> Net:
    n = Net("bilstm_tagger", opset=14)
    y = n.recurrent("LSTM", n.input(20, 1, 8), 8, 12, "bidirectional")
    y = n.reshape(n.transpose(y, 0, 2, 1, 3), 20, 24)
    return n, n.op("Softmax", n.dense(y, 24, 4), axis=-1)


def simple_rnn() -> Net:
    n = Net("simple_rnn", opset=14)
    y = n.op("Squeeze", n.recurrent("RNN", n.input(16, 1, 4), 4, 12), n.integers(1))
    return n, n.dense(n.op("Gather", y, n.constant(-1, np.int64), axis=0), 12, 3)


def transformer_encoder() -> Net:
    n = Net("transformer_encoder", opset=13)
    x = n.matmul(n.input(1, 16, 8), 8, 32)
    for _ in range(2):
        x = n.layer_norm_decomposed(n.op("Add", x, n.attention(x, 16, 32, 2)), 32)
        y = n.matmul(n.op("Relu", n.matmul(x, 32, 64)), 64, 32)
        x = n.layer_norm_decomposed(n.op("Add", x, y), 32)
    return n, n.dense(n.op("ReduceMean", x, axes=[1], keepdims=0), 32, 4)


def mlp() -> Net:
    n = Net("mlp", opset=13)
    x = n.op("Relu", n.dense(n.input(1, 20), 20, 64))
    return n, n.op("Softmax", n.dense(n.op("Relu", n.dense(x, 64, 32)), 32, 4), axis=1)


def dense_autoencoder() -> Net:
    n = Net("dense_autoencoder", opset=13)
    x, sizes = n.input(1, 128), (128, 64, 64, 8, 64, 64, 128)
    for c, oc in pairwise(sizes):
        x = n.dense(x, c, oc)
        if oc != 128:
            x = n.op("Relu", n.batch_norm(x, oc))
    return n, x


def highway() -> Net:
    n = Net("highway", opset=13)
    x = n.dense(n.input(1, 16), 16, 24)
    for _ in range(3):
        gate = n.op("Sigmoid", n.dense(x, 24, 24))
        y = n.op("Mul", gate, n.op("Relu", n.dense(x, 24, 24)))
        x = n.op("Add", y, n.op("Mul", n.op("Sub", n.constant(1.0), gate), x))
    return n, n.dense(x, 24, 3)


def maxout() -> Net:
    n = Net("maxout", opset=13)
    x = n.input(1, 16)
    y = n.op("Max", n.dense(x, 16, 32), n.dense(x, 16, 32), n.dense(x, 16, 32))
    return n, n.dense(y, 32, 4)


def swiglu() -> Net:
    n = Net("swiglu", opset=17)
    x = n.input(1, 32)
    gate = n.activation(n.matmul(x, 32, 64, bias=False), "Silu")
    y = n.op("Mul", gate, n.matmul(x, 32, 64, bias=False))
    return n, n.matmul(y, 64, 8, bias=False)


def self_normalizing() -> Net:
    n = Net("self_normalizing", opset=13)
    x = n.op("Selu", n.dense(n.input(1, 24), 24, 48))
    return n, n.dense(n.op("Selu", n.dense(x, 48, 48)), 48, 1)


def standardized_input() -> Net:
    """Mean and deviation of the features inside of the model."""
    n = Net("standardized_input", opset=13)
    x = n.op("Sub", n.input(1, 8), n.constant(n.normal(8)))
    x = n.op("Div", x, n.constant(1 + 0.5 * abs(n.normal(8))))
    return n, n.dense(n.op("Softplus", n.dense(x, 8, 24)), 24, 3)


NETS = (
    ds_cnn,
    res8,
    tcn,
    wavenet_gate,
    resnet_1d,
    crnn,
    gru_classifier,
    lstm_classifier,
    bilstm_tagger,
    simple_rnn,
    transformer_encoder,
    mlp,
    dense_autoencoder,
    highway,
    maxout,
    swiglu,
    self_normalizing,
    standardized_input,
)
