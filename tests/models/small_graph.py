"""What the small models of make_small.py are built and registered with."""

from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from tinypack.demo.layers import he_normal
from tinypack.demo.onnx_graph import OnnxGraph

SEED = 1
SMALL: dict[str, Callable[[], onnx.ModelProto]] = {}
REFUSED: dict[str, Callable[[], onnx.ModelProto]] = {}


class SmallGraph(OnnxGraph):
    """Names nodes and weights by itself."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.rng = np.random.default_rng([SEED, crc32(name.encode())])

    def x(self, *shape: int | str, name: str = "x") -> str:
        return self.input(name, shape)

    def op(self, op: str, *inputs: str, **attributes: Any) -> str:
        return self.node(op, f"{op.lower()}_{len(self.nodes) + 1}", *inputs, **attributes)

    def split(self, x: str, sizes: Sequence[int], axis: int) -> list[str]:
        name = f"split_{len(self.nodes) + 1}"
        outputs = [f"{name}_{part}" for part in range(len(sizes))]
        inputs = [x, self.axes(*sizes)]
        self.nodes.append(helper.make_node("Split", inputs, outputs, name=name, axis=axis))
        return outputs

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        return self.initializer(f"parameter_{len(self.initializers) + 1}", value, dtype)

    def axes(self, *values: int) -> str:
        """Constant int64 vector: axes, shapes, pads, indices."""
        return self.constant(values, np.int64)

    def weights(self, *shape: int) -> str:
        return self.constant(he_normal(self.rng, shape))

    def bias(self, channels: int) -> str:
        return self.constant(self.rng.standard_normal(channels) / 4)

    def batch_norm(self, x: str, channels: int) -> str:
        scale, variance = self.rng.uniform(0.5, 2, (2, channels))
        bias, mean = self.bias(channels), self.bias(channels)
        statistics = self.constant(scale), bias, mean, self.constant(variance)
        return self.op("BatchNormalization", x, *statistics)


Body = Callable[[SmallGraph], str | tuple[str, ...]]


def model(
    opset: int = 17, ir_version: int = 8, into: dict[str, Callable[[], onnx.ModelProto]] = SMALL
) -> Callable[[Body], Body]:
    """Registers a function that adds nodes to a graph and returns its outputs."""

    def register(body: Body) -> Body:
        name = body.__name__

        def build() -> onnx.ModelProto:
            graph = SmallGraph(name)
            outputs = body(graph)
            for output in (outputs,) if isinstance(outputs, str) else outputs:
                graph.output(output)
            return graph.model(opset, ir_version)

        into[name] = build
        return body

    return register


def random_inputs(model: onnx.ModelProto, seed: int = SEED) -> dict[str, NDArray[np.float32]]:
    """Unit normal values for every input; symbolic sizes are 1."""
    rng = np.random.default_rng(seed)
    constants = {tensor.name for tensor in model.graph.initializer}
    return {
        value.name: rng.standard_normal(
            [size.dim_value or 1 for size in value.type.tensor_type.shape.dim], np.float32
        )
        for value in model.graph.input
        if value.name not in constants
    }
