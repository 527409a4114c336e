"""Random chains of convolutions, depthwise convolutions and dense layers of any shape.

python -m tests.models.random_blocks FOLDER SEED ...
"""

import sys
from math import prod
from pathlib import Path

import onnx

from tests.models.blocks import write
from tests.models.random_graph import RandomGraph

FLAT = 1000  # a dense layer takes no more


class RandomBlocks(RandomGraph):
    """Channels 1 to 70, kernels 1 to 7, strides 1 to 3, any padding below the kernel."""

    def between(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def filtered(self, y: str) -> str:
        c, *sizes = self.shape[1:]
        depthwise = self.chance(0.4)
        out = c if depthwise else self.between(1, 70)
        kernel = [self.between(1, min(size, 7)) for size in sizes]
        if self.chance(0.5):
            kernel = [min(kernel[0], sizes[1])] * 2
        strides = [self.between(1, 3)] * 2
        pads = [self.between(0, k - 1) for k in (*kernel, *kernel)]
        self.shape = (1, out, *(
            (size + before + after - k) // stride + 1
            for size, before, after, k, stride in zip(
                sizes, pads[:2], pads[2:], kernel, strides, strict=True
            )
        ))  # fmt: skip
        weights = self.weights(out, 1 if depthwise else c, *kernel)
        attributes = {"group": c if depthwise else 1, "kernel_shape": kernel}
        attributes |= {"strides": strides, "pads": pads}
        y = self.op("Conv", y, weights, self.bias(out), **attributes)
        return self.op("Relu", y) if self.chance(0.7) else y


def random_blocks(seed: int) -> onnx.ModelProto:
    g = RandomBlocks(seed)
    g.shape = (1, g.between(1, 70), g.between(4, 10), g.between(4, 10))
    y = g.x(*g.shape)
    for _ in range(g.between(1, 5)):
        y = g.filtered(y)
    count = prod(g.shape)
    if count > FLAT:
        y, count = g.op("GlobalAveragePool", y), g.shape[1]
    y = g.op("Flatten", y)
    for _ in range(g.between(1, 3)):
        units = g.between(1, 70)
        y, count = g.op("Gemm", y, g.weights(count, units), g.bias(units)), units
    g.output(y)
    return g.model(17, 8)


def main(folder: Path, seeds: list[str]) -> None:
    for seed in seeds:
        write(seed, random_blocks(int(seed)), folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
