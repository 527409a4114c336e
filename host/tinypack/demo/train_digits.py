"""Trains the bundled model: a small CNN on scikit-learn's handwritten digits.

    python -m tinypack.demo.train_digits [FOLDER]

writes digits.onnx and digits.npz beside this script or into FOLDER, in about ten seconds. Needs
scikit-learn, for the data and the split, besides tinypack's own dependencies.

The same numbers come out on every machine. Training amplifies the last bit in which the sums of
two processors differ, so every step rounds the weights to multiples of GRID, which erases such a
difference while it is small.
"""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from tinypack.demo import MODEL, SAMPLES
from tinypack.demo.layers import (
    Array,
    BatchNorm,
    Clip,
    Conv,
    Gemm,
    GlobalAveragePool,
    Layer,
    Pool,
    Residual,
    Sequential,
)
from tinypack.demo.onnx_graph import OnnxGraph

SEED = 1
EPOCHS = 20
BATCH = 25
LEARNING_RATE = 0.05
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4
LABEL_SMOOTHING = 0.1
CALIB_SAMPLES = 100
TEST_SAMPLES = 400
GRID = 2.0**-20


class Data(NamedTuple):
    """Images [n, 8, 8, 1] in 0..1 and their digits."""

    x_train: Array
    y_train: NDArray[np.int64]
    x_test: Array
    y_test: NDArray[np.int64]


def load_data() -> Data:
    digits = load_digits()
    x = digits.data.reshape(-1, 8, 8, 1) / 16
    x_train, x_test, y_train, y_test = train_test_split(
        x, digits.target, test_size=TEST_SAMPLES, stratify=digits.target, random_state=SEED
    )
    return Data(x_train, y_train, x_test, y_test)


def build_network(rng: np.random.Generator) -> Sequential:
    return Sequential(
        Conv("stem_conv", rng, 1, 16, 3),
        BatchNorm("stem_bn", 16),
        Clip("stem_relu"),
        Residual(
            "block1_add",
            Conv("block1_depthwise", rng, 16, 16, 3, depthwise=True),
            BatchNorm("block1_depthwise_bn", 16),
            Clip("block1_relu6", 6),
            Conv("block1_pointwise", rng, 16, 16, 1),
            BatchNorm("block1_pointwise_bn", 16),
        ),
        Clip("block1_relu"),
        Pool("max_pool", maximum=True),
        Conv("block2_depthwise", rng, 16, 16, 3, depthwise=True),
        BatchNorm("block2_depthwise_bn", 16),
        Clip("block2_relu6", 6),
        Conv("block2_pointwise", rng, 16, 32, 1, bias=True),
        Clip("block2_relu"),
        Pool("average_pool", maximum=False),
        Conv("block3_depthwise", rng, 32, 32, 3, depthwise=True),
        BatchNorm("block3_depthwise_bn", 32),
        Clip("block3_relu6", 6),
        Conv("block3_pointwise", rng, 32, 64, 1, bias=True),
        Clip("block3_relu"),
        GlobalAveragePool("global_average_pool"),
        Gemm("classifier", rng, 64, 10),
    )


def softmax(x: Array) -> Array:
    e: Array = np.exp(x - x.max(1, keepdims=True))
    total: Array = e.sum(1, keepdims=True)
    return e / total


def train(network: Sequential, data: Data, rng: np.random.Generator) -> None:
    """Stochastic gradient descent with momentum, cosine schedule, one cycle."""
    targets = np.eye(10) * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / 10
    steps = EPOCHS * (len(data.x_train) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(data.x_train))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            batch = order[start : start + BATCH]
            logits = network.forward(data.x_train[batch], training=True)
            network.backward((softmax(logits) - targets[data.y_train[batch]]) / BATCH)
            rate = LEARNING_RATE * (1 + np.cos(np.pi * step / steps)) / 2
            for parameter in network.parameters():
                decay = WEIGHT_DECAY * parameter.value
                parameter.velocity = MOMENTUM * parameter.velocity - rate * (
                    parameter.gradient + decay
                )
                parameter.value = np.round((parameter.value + parameter.velocity) / GRID) * GRID
            step += 1


def train_network(data: Data) -> Sequential:
    rng = np.random.default_rng(SEED)
    network = build_network(rng)
    train(network, data, rng)
    return network


def export_layer(graph: OnnxGraph, layer: Layer, x: str) -> str:
    """Append the nodes of a layer that reads x, as PyTorch would: NCHW, nothing folded."""
    name = layer.name
    match layer:
        case Sequential():
            for inner in layer.layers:
                x = export_layer(graph, inner, x)
            return x
        case Residual():
            return graph.node("Add", name, x, export_layer(graph, layer.body, x))
        case Conv():
            kernel = layer.weights.value
            inputs = [x, graph.initializer(f"{name}.weight", kernel)]
            if layer.bias is not None:
                inputs.append(graph.initializer(f"{name}.bias", layer.bias.value))
            return graph.node(
                "Conv", name, *inputs, group=len(kernel) if layer.depthwise else 1,
                kernel_shape=kernel.shape[2:], pads=[layer.pad] * 4, strides=[1, 1],
                dilations=[1, 1],
            )  # fmt: skip
        case BatchNorm():
            statistics = (
                graph.initializer(f"{name}.weight", layer.scale.value),
                graph.initializer(f"{name}.bias", layer.bias.value),
                graph.initializer(f"{name}.running_mean", layer.mean),
                graph.initializer(f"{name}.running_var", layer.variance),
            )
            return graph.node("BatchNormalization", name, x, *statistics, epsilon=layer.epsilon)
        case Clip(maximum=np.inf):
            return graph.node("Relu", name, x)
        case Clip():
            low = graph.initializer("relu6.min", 0)
            return graph.node("Clip", name, x, low, graph.initializer("relu6.max", 6))
        case Pool():
            op = "MaxPool" if layer.maximum else "AveragePool"
            return graph.node(op, name, x, kernel_shape=[2, 2], strides=[2, 2])
        case GlobalAveragePool():
            return graph.node("Flatten", "flatten", graph.node("GlobalAveragePool", name, x))
        case Gemm():
            weights = graph.initializer(f"{name}.weight", layer.weights.value)
            bias = graph.initializer(f"{name}.bias", layer.bias.value)
            return graph.node("Gemm", name, x, weights, bias, transB=1)
    raise TypeError(f"{name}: no ONNX form for {type(layer).__name__}")


def export(network: Sequential) -> onnx.ModelProto:
    graph = OnnxGraph("digits")
    image = graph.input("image", [1, 1, 8, 8], doc="grey values, 0 paper to 1 ink")
    graph.node("Softmax", "probabilities", export_layer(graph, network, image), axis=1)
    graph.output("probabilities")
    return graph.model(metadata={"labels": ",".join("0123456789")})


def samples(data: Data) -> dict[str, Any]:
    """Arrays of digits.npz; the calibration images are training images, evenly over the digits."""
    each = CALIB_SAMPLES // 10
    calib = np.concatenate([np.flatnonzero(data.y_train == digit)[:each] for digit in range(10)])

    def nchw(x: Array) -> NDArray[np.float32]:
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2), np.float32)

    return {
        "x_calib": nchw(data.x_train[calib]),
        "y_calib": data.y_train[calib],
        "x_test": nchw(data.x_test),
        "y_test": data.y_test,
    }


def main(folder: Path) -> None:
    data = load_data()
    network = train_network(data)
    onnx.save(export(network), folder / MODEL.name)
    np.savez_compressed(folder / SAMPLES.name, **samples(data))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else MODEL.parent)
