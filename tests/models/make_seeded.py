"""Networks shaped like MLPerf Tiny's four, with seeded weights, for tests and benchmarks.

    python -m tests.models.make_seeded FOLDER [kws|ic|vww|ad ...]

Cost depends on the shapes alone, so a benchmark needs no trained weights; but random weights drift
apart or die out over 27 layers. So each layer is scaled and biased on seeded noise: outputs have
unit variance, and every channel of a ReLU clamps a share of them drawn from CLAMPED.

The same numbers come out on every machine: forward passes are float64, and what is derived from
them is rounded to 11 bits, in which no difference in the last bit of a sum shows.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import onnx
from tinypack.demo.layers import Array, Pads, convolve, convolve_depthwise, he_normal
from tinypack.demo.onnx_graph import OnnxGraph

from tests.models.count_macs import count_macs

SEED = 1
CLAMPED = (0.1, 0.7)
CALIB_SAMPLES = 32
TEST_SAMPLES = 8
OPSET = 13


class Tensor(NamedTuple):
    """A value of the graph, and what it is for the calibration samples (NHWC or [n, c])."""

    name: str
    value: Array


def round_to_11_bits(x: Array) -> Array:
    return x.astype(np.float16).astype(np.float64)


def noise(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Unit normal noise, equally strong at each octave of the two axes after the first.

    White noise would average out in deep layers; recorded sound and images do not.
    """
    n, h, w, c = shape
    octaves = []
    step = 1
    while True:
        coarse = rng.standard_normal((n, -(-h // step), -(-w // step), c))
        octaves.append(coarse.repeat(step, 1).repeat(step, 2)[:, :h, :w])
        if step >= max(h, w):
            break
        step *= 2
    unit: Array = np.sum(octaves, axis=0) / np.sqrt(len(octaves))
    return unit


class SeededGraph(OnnxGraph):
    """Adds layers with seeded weights and follows the calibration samples through them."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.rng = np.random.Generator(np.random.PCG64([SEED, crc32(name.encode())]))
        self.npz: dict[str, Any] = {}
        self.clamped: list[float] = []  # per ReLU, share of its outputs

    def samples(self, shape: tuple[int, int, int], layout: str) -> Tensor:
        """The graph's input of shape (h, w, c), stored as "nhwc", "nchw" or "flat"."""
        x = noise(self.rng, (CALIB_SAMPLES + TEST_SAMPLES, *shape)).astype(np.float32)
        if layout == "flat":
            x = x.reshape(len(x), -1)
        stored = x.transpose(0, 3, 1, 2) if layout == "nchw" else x
        self.npz["x_calib"], self.npz["x_test"] = np.split(stored, [CALIB_SAMPLES])
        name = self.input("input", [1, *stored.shape[1:]])
        return Tensor(name, x[:CALIB_SAMPLES].astype(np.float64))

    def conv(
        self, name: str, x: Tensor, outputs: int, kernel: tuple[int, int], pads: Pads,
        *, stride: int = 1, depthwise: bool = False, relu: bool = True,
        shortcut: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """Convolution, then the sum with a shortcut, then ReLU, as asked."""
        channels = x.value.shape[-1]
        weights = he_normal(self.rng, (outputs, 1 if depthwise else channels, *kernel))
        function = convolve_depthwise if depthwise else convolve
        weights, y = self._scaled(weights, lambda w: function(x.value, w, stride, pads))
        bias = self._bias(y if shortcut is None else y + shortcut.value, relu)
        attributes: dict[str, Any] = {
            "group": channels if depthwise else 1,
            "kernel_shape": kernel,
            "pads": pads,
            "strides": [stride, stride],
            "dilations": [1, 1],
        }
        output = Tensor(self._linear("Conv", name, x, weights, bias, **attributes), y + bias)
        if shortcut is not None:
            added = self.node("Add", f"{name}_add", shortcut.name, output.name)
            output = Tensor(added, output.value + shortcut.value)
        return self._relu(name, output) if relu else output

    def gemm(self, name: str, x: Tensor, outputs: int, *, relu: bool = False) -> Tensor:
        weights = he_normal(self.rng, (outputs, x.value.shape[1]))
        weights, y = self._scaled(weights, lambda w: x.value @ w.T)
        bias = self._bias(y, relu)
        output = Tensor(self._linear("Gemm", name, x, weights, bias, transB=1), y + bias)
        return self._relu(name, output) if relu else output

    def _scaled(self, weights: Array, function: Callable[[Array], Array]) -> tuple[Array, Array]:
        """Weights that give outputs of unit variance, and these outputs."""
        y = function(weights)
        axes = tuple(range(y.ndim - 1))
        gain = round_to_11_bits(1 / np.sqrt(y.var(axes).mean()))
        weights = (weights * gain).astype(np.float32).astype(np.float64)
        return weights, function(weights)

    def _bias(self, y: Array, relu: bool) -> Array:
        """Per channel: before a ReLU minus a quantile, else minus the mean."""
        columns = y.reshape(-1, y.shape[-1])
        if not relu:
            return round_to_11_bits(-columns.mean(0))
        shares = self.rng.uniform(*CLAMPED, size=columns.shape[1])
        quantiles = [
            np.quantile(column, share) for column, share in zip(columns.T, shares, strict=True)
        ]
        return round_to_11_bits(-np.array(quantiles))

    def _linear(
        self, op: str, name: str, x: Tensor, weights: Array, bias: Array, **attributes: Any
    ) -> str:
        parameters = (
            self.initializer(f"{name}.weight", weights),
            self.initializer(f"{name}.bias", bias),
        )
        return self.node(op, name, x.name, *parameters, **attributes)

    def _relu(self, name: str, x: Tensor) -> Tensor:
        self.clamped.append(float(np.mean(x.value <= 0)))
        return Tensor(self.node("Relu", f"{name}_relu", x.name), np.maximum(x.value, 0))

    def classifier(self, x: str, pooled: Array, classes: int) -> None:
        logits = self.gemm("classifier", Tensor(x, pooled), classes)
        self.node("Softmax", "output", logits.name, axis=-1)
        self.output("output")


def same(x: Tensor, kernel: tuple[int, int], stride: int) -> Pads:
    """TensorFlow's SAME padding: the odd row or column goes to the bottom or right."""
    before, after = [], []
    for size, taps in zip(x.value.shape[1:3], kernel, strict=True):
        total = max((-(-size // stride) - 1) * stride + taps - size, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return (before[0], before[1], after[0], after[1])


def build_kws(g: SeededGraph) -> None:
    """DS-CNN: 49 frames of 10 MFCCs to 12 words; NHWC at the door as tf2onnx exports it."""
    x = g.samples((49, 10, 1), "nhwc")
    x = Tensor(g.node("Transpose", "to_nchw", x.name, perm=[0, 3, 1, 2]), x.value)
    x = g.conv("conv", x, 64, (10, 4), same(x, (10, 4), 2), stride=2)
    for i in range(1, 5):
        x = g.conv(f"depthwise_{i}", x, 64, (3, 3), same(x, (3, 3), 1), depthwise=True)
        x = g.conv(f"pointwise_{i}", x, 64, (1, 1), (0, 0, 0, 0))
    pool = g.node("AveragePool", "pool", x.name, kernel_shape=[25, 5], strides=[25, 5])
    door = g.node("Transpose", "to_nhwc", pool, perm=[0, 2, 3, 1])
    shape = g.initializer("flat_shape", [-1, 64], np.int64)
    g.classifier(g.node("Reshape", "flat", door, shape), x.value.mean((1, 2)), 12)


def build_ic(g: SeededGraph) -> None:
    """ResNet-8: 32 x 32 colour images to 10 classes; NHWC at the door as tf2onnx exports it."""
    x = g.samples((32, 32, 3), "nhwc")
    x = Tensor(g.node("Transpose", "to_nchw", x.name, perm=[0, 3, 1, 2]), x.value)
    x = g.conv("conv", x, 16, (3, 3), same(x, (3, 3), 1))
    for i, (channels, stride) in enumerate([(16, 1), (32, 2), (64, 2)], 1):
        pads = same(x, (3, 3), stride)
        y = g.conv(f"stack_{i}_conv_1", x, channels, (3, 3), pads, stride=stride)
        if stride == 2:
            x = g.conv(
                f"stack_{i}_shortcut", x, channels, (1, 1), (0, 0, 0, 0), stride=2, relu=False
            )
        x = g.conv(f"stack_{i}_conv_2", y, channels, (3, 3), same(y, (3, 3), 1), shortcut=x)
    pool = g.node("AveragePool", "pool", x.name, kernel_shape=[8, 8], strides=[8, 8])
    shape = g.initializer("flat_shape", [-1, 64], np.int64)
    g.classifier(g.node("Reshape", "flat", pool, shape), x.value.mean((1, 2)), 10)


def build_vww(g: SeededGraph) -> None:
    """MobileNetV1, width 0.25: 96 x 96 colour images to 2 classes; NCHW, padded as PyTorch."""
    x = g.samples((96, 96, 3), "nchw")
    around = (1, 1, 1, 1)
    x = g.conv("conv", x, 8, (3, 3), around, stride=2)
    blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2)]
    blocks += [(128, 1)] * 5 + [(256, 2), (256, 1)]
    for i, (channels, stride) in enumerate(blocks, 1):
        inputs = x.value.shape[-1]
        x = g.conv(f"depthwise_{i}", x, inputs, (3, 3), around, stride=stride, depthwise=True)
        x = g.conv(f"pointwise_{i}", x, channels, (1, 1), (0, 0, 0, 0))
    pool = g.node("GlobalAveragePool", "pool", x.name)
    g.classifier(g.node("Flatten", "flat", pool), x.value.mean((1, 2)), 2)


def build_ad(g: SeededGraph) -> None:
    """Autoencoder of five spectrogram frames, 640 - 4 x 128 - 8 - 4 x 128 - 640."""
    x = g.samples((5, 128, 1), "flat")
    for i, units in enumerate([*[128] * 4, 8, *[128] * 4], 1):
        x = g.gemm(f"dense_{i}", x, units, relu=True)
    g.output(g.gemm("output", x, 640).name)


class Net(NamedTuple):
    build: Callable[[SeededGraph], None]
    macs: int


NETS = {
    "kws": Net(build_kws, 2_656_768),
    "ic": Net(build_ic, 12_501_632),
    "vww": Net(build_vww, 7_489_664),
    "ad": Net(build_ad, 264_192),
}


def build(name: str) -> tuple[onnx.ModelProto, SeededGraph]:
    """The model, and the graph with its samples (npz) and share of clamped outputs per ReLU."""
    net = NETS[name]
    graph = SeededGraph(name)
    net.build(graph)
    model = graph.model(opset=OPSET)
    macs = count_macs(model)
    if macs != net.macs:
        raise AssertionError(f"{name}: {macs} multiply-accumulates instead of {net.macs}")
    return model, graph


def write(name: str, directory: Path) -> tuple[Path, Path, SeededGraph]:
    model, graph = build(name)
    directory.mkdir(parents=True, exist_ok=True)
    paths = directory / f"{name}.onnx", directory / f"{name}.npz"
    # Renamed when complete: another process may be reading or writing the same files.
    for path in paths:
        part = path.with_name(f"{os.getpid()}-{path.name}")
        if path.suffix == ".onnx":
            onnx.save(model, part)
        else:
            np.savez_compressed(part, **graph.npz)
        part.replace(path)
    return *paths, graph


def seeded(name: str, directory: Path) -> tuple[Path, Path]:
    """Write a network of NETS and its samples (x_calib, x_test); their paths."""
    onnx_path, npz_path, _ = write(name, directory)
    return onnx_path, npz_path


def main(directory: Path, names: list[str]) -> None:
    for name in names:
        onnx_path, _, graph = write(name, directory)
        shares = graph.clamped
        print(
            f"{onnx_path}: {NETS[name].macs} MACs, {np.mean(shares):.0%} of ReLU outputs clamped "
            f"({min(shares):.0%} to {max(shares):.0%} per layer)"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] or list(NETS))
