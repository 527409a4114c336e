"""Builds ONNX graphs layer by layer, with seeded weights that keep activations near one."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


class Net:
    """`opset` and `layout` are what an exporter would choose: PyTorch's NCHW or Keras' NHWC."""

    def __init__(self, name: str, opset: int = 17, seed: int = 0) -> None:
        self.name = name
        self.opset = opset
        self.rng = np.random.default_rng([seed, *name.encode()])
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.count = 0

    # what everything is made of

    def input(self, *shape: int, name: str = "x") -> str:
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def constant(self, array: Any, dtype: Any = np.float32) -> str:
        self.count += 1
        name = f"w{self.count}"
        self.constants.append(numpy_helper.from_array(np.asarray(array, dtype), name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        self.count += 1
        names = [f"{kind}_{self.count}" + (f"_{i}" if i else "") for i in range(outputs)]
        self.nodes.append(
            helper.make_node(kind, inputs, names, name=f"/{kind}_{self.count}", **attributes)
        )
        return names[0] if outputs == 1 else names

    def normal(self, *shape: int, scale: float = 1.0) -> NDArray[np.float32]:
        return (self.rng.standard_normal(shape) * scale).astype(np.float32)

    def model(self, *outputs: str) -> onnx.ModelProto:
        infos = [onnx.ValueInfoProto(name=y) for y in outputs]
        graph = helper.make_graph(self.nodes, self.name, self.inputs, infos, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8
        )
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True)
        onnx.checker.check_model(inferred)
        return inferred

    # layers; c is what goes in, oc what comes out

    def conv(
        self,
        x: str,
        c: int,
        oc: int,
        kernel: int | Sequence[int] = 3,
        stride: int = 1,
        pad: int | None = None,
        group: int = 1,
        dilation: int = 1,
        bias: bool = True,
    ) -> str:
        size = (kernel, kernel) if isinstance(kernel, int) else tuple(kernel)
        around = [(k - 1) * dilation // 2 if pad is None else pad for k in size]
        weights = self.normal(
            oc, c // group, *size, scale=1.4 / np.sqrt(c // group * np.prod(size))
        )
        inputs = [x, self.constant(weights)]
        if bias:
            inputs.append(self.constant(self.normal(oc, scale=0.1)))
        return self.op(
            "Conv",
            *inputs,
            kernel_shape=size,
            strides=[stride] * len(size),
            pads=[*around, *around],
            group=group,
            dilations=[dilation] * len(size),
        )

    def depthwise(self, x: str, c: int, kernel: int = 3, stride: int = 1, **more: Any) -> str:
        return self.conv(x, c, c, kernel, stride, group=c, **more)

    def batch_norm(self, x: str, c: int) -> str:
        scale = 1 + 0.2 * self.normal(c)
        return self.op(
            "BatchNormalization",
            x,
            self.constant(scale),
            self.constant(self.normal(c, scale=0.1)),
            self.constant(self.normal(c, scale=0.1)),
            self.constant(np.abs(1 + 0.2 * self.normal(c))),
            epsilon=1e-5,
        )

    def conv_bn(self, x: str, c: int, oc: int, *arguments: Any, act: str = "Relu", **more: Any):
        y = self.batch_norm(self.conv(x, c, oc, *arguments, bias=False, **more), oc)
        return self.activation(y, act)

    def activation(self, x: str, kind: str) -> str:
        if kind == "":
            return x
        if kind == "Relu6":
            return self.op("Clip", x, self.constant(0.0), self.constant(6.0))
        if kind == "Silu":
            return self.op("Mul", x, self.op("Sigmoid", x))
        if kind == "Gelu":  # as PyTorch exports it below opset 20
            half = self.op("Erf", self.op("Div", x, self.constant(np.sqrt(2))))
            upper = self.op("Mul", x, self.op("Add", half, self.constant(1.0)))
            return self.op("Mul", upper, self.constant(0.5))
        return self.op(kind, x)

    def dense(self, x: str, c: int, oc: int) -> str:
        weights = self.constant(self.normal(oc, c, scale=1.4 / np.sqrt(c)))
        return self.op("Gemm", x, weights, self.constant(self.normal(oc, scale=0.1)), transB=1)

    def matmul(self, x: str, c: int, oc: int, bias: bool = True) -> str:
        y = self.op("MatMul", x, self.constant(self.normal(c, oc, scale=1 / np.sqrt(c))))
        return self.op("Add", y, self.constant(self.normal(oc, scale=0.1))) if bias else y

    def max_pool(self, x: str, kernel: int = 2, stride: int = 2, pad: int = 0) -> str:
        return self.op(
            "MaxPool",
            x,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[pad] * 4,
        )

    def average_pool(self, x: str, kernel: int = 2, stride: int = 2, pad: int = 0) -> str:
        return self.op(
            "AveragePool",
            x,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[pad] * 4,
            count_include_pad=1,
        )

    def global_pool(self, x: str) -> str:
        return self.op("Flatten", self.op("GlobalAveragePool", x))

    def reshape(self, x: str, *shape: int) -> str:
        return self.op("Reshape", x, self.integers(*shape))

    def transpose(self, x: str, *perm: int) -> str:
        return self.op("Transpose", x, perm=perm)

    def classifier(self, x: str, c: int, classes: int = 10) -> str:
        return self.op("Softmax", self.dense(self.global_pool(x), c, classes), axis=1)

    def layer_norm(self, x: str, c: int) -> str:
        return self.op(
            "LayerNormalization",
            x,
            self.constant(1 + 0.1 * self.normal(c)),
            self.constant(self.normal(c, scale=0.1)),
            axis=-1,
        )

    def layer_norm_decomposed(self, x: str, c: int) -> str:
        """As PyTorch exports it below opset 17."""
        mean = self.op("ReduceMean", x, axes=[-1])
        centred = self.op("Sub", x, mean)
        square = self.op("Pow", centred, self.constant(2.0))
        variance = self.op("ReduceMean", square, axes=[-1])
        deviation = self.op("Sqrt", self.op("Add", variance, self.constant(1e-5)))
        y = self.op(
            "Mul", self.op("Div", centred, deviation), self.constant(1 + 0.1 * self.normal(c))
        )
        return self.op("Add", y, self.constant(self.normal(c, scale=0.1)))

    def recurrent(self, kind: str, x: str, c: int, hidden: int, direction: str = "forward") -> str:
        """Y of a sequence [steps, 1, c]."""
        gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[kind]
        directions = 2 if direction == "bidirectional" else 1
        scale = 1 / np.sqrt(hidden)
        more = {"linear_before_reset": 1} if kind == "GRU" else {}
        return self.op(
            kind,
            x,
            self.constant(self.normal(directions, gates * hidden, c, scale=1 / np.sqrt(c))),
            self.constant(self.normal(directions, gates * hidden, hidden, scale=scale)),
            self.constant(self.normal(directions, 2 * gates * hidden, scale=0.1)),
            hidden_size=hidden,
            direction=direction,
            **more,
        )

    def attention(
        self,
        x: str,
        tokens: int,
        c: int,
        heads: int,
        mask: Callable[[str], str] = lambda scores: scores,
    ) -> str:
        """Self-attention of [1, tokens, c]."""
        size = c // heads

        def split(name: str, *perm: int) -> str:
            y = self.reshape(self.matmul(name, c, c), 1, tokens, heads, size)
            return self.transpose(y, *perm)

        q, k, v = split(x, 0, 2, 1, 3), split(x, 0, 2, 3, 1), split(x, 0, 2, 1, 3)
        scores = self.op("Div", self.op("MatMul", q, k), self.constant(np.sqrt(size)))
        y = self.op("MatMul", self.op("Softmax", mask(scores), axis=-1), v)
        y = self.reshape(self.transpose(y, 0, 2, 1, 3), 1, tokens, c)
        return self.matmul(y, c, c)
