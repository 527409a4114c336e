"""Random small models in the ways of several exporters, to hold an import against onnxruntime.

model = random_model(7)     the same for the same number, on every machine
"""

import numpy as np
import onnx

from tests.models.small_graph import SmallGraph

LAYERS = 12


class RandomGraph(SmallGraph):
    """Follows the shape of what it has built so far: `shape` in the layout it is in."""

    def __init__(self, seed: int) -> None:
        super().__init__(f"random_{seed}")
        self.random = np.random.default_rng(seed)
        self.shape: tuple[int, ...] = ()
        self.earlier: list[tuple[str, tuple[int, ...]]] = []

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def pick(self, *items):
        return items[self.random.integers(len(items))]

    def start(self) -> str:
        """Images or sequences, channels first or, behind a transpose, last."""
        c, h, w = (int(self.random.integers(1, 8)) for _ in range(3))
        h, w = h + 4, w + 4
        if self.chance(0.3):
            self.shape = (1, c, w)
        else:
            self.shape = (1, c, h, w)
        if self.chance(0.5):
            return self.x(*self.shape)
        last = (1, *self.shape[2:], c)
        perm = (0, len(last) - 1, *range(1, len(last) - 1))
        return self.op("Transpose", self.x(*last), perm=perm)

    def conv(self, y: str) -> str:
        c, sizes = self.shape[1], self.shape[2:]
        kernel = [int(self.random.integers(1, min(size, 4) + 1)) for size in sizes]
        strides = [self.pick(1, 1, 2) for _ in sizes]
        before = [int(self.random.integers(0, k)) for k in kernel]
        after = [int(self.random.integers(0, k)) for k in kernel]
        kind = self.pick("dense", "dense", "depthwise", "grouped")
        groups = c if kind == "depthwise" else 2 if kind == "grouped" and c % 2 == 0 else 1
        out = groups * int(self.random.integers(1, 4))
        weights = self.constant(
            self.random.standard_normal((out, c // groups, *kernel)) / np.sqrt(9 * c / groups)
        )
        inputs = [y, weights] + ([self.bias(out)] if self.chance(0.7) else [])
        y = self.op(
            "Conv",
            *inputs,
            group=groups,
            strides=strides,
            pads=before + after,
            kernel_shape=kernel,
        )
        sizes = [
            (s + b + a - k) // t + 1
            for s, b, a, k, t in zip(sizes, before, after, kernel, strides, strict=True)
        ]
        self.shape = (1, out, *sizes)
        return y

    def pool(self, y: str) -> str:
        sizes = self.shape[2:]
        kernel = [min(size, 2) for size in sizes]
        op = self.pick("MaxPool", "AveragePool")
        y = self.op(op, y, kernel_shape=kernel, strides=kernel)
        self.shape = (*self.shape[:2], *(s // k for s, k in zip(sizes, kernel, strict=True)))
        return y

    def activation(self, y: str) -> str:
        match self.pick("Relu", "Relu", "Clip", "LeakyRelu", "Sigmoid", "HardSwish", "Silu"):
            case "Clip":
                return self.op("Clip", y, self.constant(self.pick(0, -0.5)), self.constant(1.5))
            case "Silu":
                return self.op("Mul", y, self.op("Sigmoid", y))
            case op:
                return self.op(op, y)

    def affine(self, y: str) -> str:
        ones = (1,) * (len(self.shape) - 2)
        if self.chance(0.4):
            return self.batch_norm(y, self.shape[1])
        shape = self.pick((), (1,), (self.shape[1], *ones), (1, self.shape[1], *ones))
        constant = self.constant(self.random.uniform(-1.5, 1.5, shape))
        op = self.pick("Add", "Mul", "Sub")
        return self.op(op, *((constant, y) if self.chance(0.3) else (y, constant)))

    def pad(self, y: str) -> str:
        spatial = len(self.shape) - 2
        before = [0, 0, *(int(self.random.integers(0, 2)) for _ in range(spatial))]
        after = [0, 0, *(int(self.random.integers(0, 2)) for _ in range(spatial))]
        self.shape = tuple(
            b + size + a for b, size, a in zip(before, self.shape, after, strict=True)
        )
        return self.op("Pad", y, self.axes(*before, *after))

    def join(self, y: str) -> str:
        """With an earlier value of the same shape, or one number per channel of it."""
        same = [name for name, shape in self.earlier if shape == self.shape and name != y]
        if same and self.chance(0.7):
            return self.op(self.pick("Add", "Mul", "Sub", "Max"), y, self.pick(*same))
        gate = self.op("GlobalAveragePool", y)
        return self.op("Mul", y, self.op("Sigmoid", gate))

    def excite(self, y: str) -> str:
        """Squeeze and excitation as PyTorch writes it: through flat vectors."""
        c, ones = self.shape[1], (1,) * (len(self.shape) - 2)
        axes = list(range(2, len(self.shape)))
        gate = self.op("ReduceMean", y, axes=axes, keepdims=0)
        gate = self.op("Relu", self.op("Gemm", gate, self.weights(c, 3), self.bias(3)))
        gate = self.op("HardSigmoid", self.op("Gemm", gate, self.weights(3, c), self.bias(c)))
        return self.op("Mul", y, self.op("Reshape", gate, self.axes(1, c, *ones)))

    def dense(self, y: str) -> str:
        """A dense layer over channels, as Keras writes it: rows of a matrix."""
        c, sizes, out = self.shape[1], self.shape[2:], int(self.random.integers(1, 6))
        rank = len(self.shape)
        y = self.op("Transpose", y, perm=(0, *range(2, rank), 1))
        y = self.op("Reshape", y, self.axes(-1, c))
        y = self.op("Add", self.op("MatMul", y, self.weights(c, out)), self.bias(out))
        y = self.op("Reshape", y, self.axes(1, *sizes, out))
        self.shape = (1, out, *sizes)
        return self.op("Transpose", y, perm=(0, rank - 1, *range(1, rank - 1)))

    def raised(self, y: str) -> str:
        """A one-dimensional convolution in two dimensions, as tf2onnx writes it."""
        c, w = self.shape[1], self.shape[2]
        out, kernel = int(self.random.integers(1, 6)), min(w, 3)
        place = self.pick(2, 3)
        y = self.op("Unsqueeze", y, self.axes(place))
        shape = (1, kernel) if place == 2 else (kernel, 1)
        y = self.op("Conv", y, self.weights(out, c, *shape), self.bias(out))
        self.shape = (1, out, w - kernel + 1)
        return self.op("Squeeze", self.op("Relu", y), self.axes(place))

    def there_and_back(self, y: str) -> str:
        """A function in the other layout."""
        rank = len(self.shape)
        y = self.op("Transpose", y, perm=(0, *range(2, rank), 1))
        y = self.activation(y)
        return self.op("Transpose", y, perm=(0, rank - 1, *range(1, rank - 1)))

    def head(self, y: str) -> str:
        c, sizes = self.shape[1], self.shape[2:]
        axes = tuple(range(2, len(self.shape)))
        match self.pick("flatten", "mean", "last", "pool", "none", "rows"):
            case "flatten":
                y, count = self.op("Flatten", y), c * int(np.prod(sizes))
            case "mean":
                y, count = self.op("ReduceMean", y, axes=axes, keepdims=0), c
            case "last":
                y = self.op("Transpose", y, perm=(0, *axes, 1))
                y, count = self.op("Reshape", y, self.axes(1, -1)), c * int(np.prod(sizes))
            case "pool":
                y, count = self.op("Flatten", self.op("GlobalMaxPool", y)), c
            case "rows":
                y = self.op("Transpose", y, perm=(0, *axes, 1))
                matrix = self.constant(self.random.standard_normal((c, 3)))
                return self.op("Add", self.op("MatMul", y, matrix), self.bias(3))
            case _:
                return y
        if self.chance(0.3):
            y = self.activation(y)
        if self.chance(0.3):
            y = self.batch_norm(y, count)
        weights = self.constant(self.random.standard_normal((4, count)) / np.sqrt(count))
        y = self.op("Gemm", y, weights, self.bias(4), transB=1)
        return self.op("Softmax", y, axis=1) if self.chance(0.5) else y


def random_model(seed: int) -> onnx.ModelProto:
    g = RandomGraph(seed)
    y = g.start()
    for _ in range(int(g.random.integers(1, LAYERS))):
        g.earlier.append((y, g.shape))
        names = ["conv", "conv", "activation", "activation", "affine", "join", "there_and_back"]
        names += ["excite", "dense"] if len(g.shape) == 4 else ["excite", "dense", "raised"]
        if min(g.shape[2:]) > 1:
            names += ["pool", "pad"]
        y = getattr(g, g.pick(*names))(y)
    y = g.head(y)
    g.output(y)
    if g.chance(0.1) and g.earlier[-1][0] not in (y, "x"):
        g.output(g.earlier[-1][0])
    return g.model(17, 8)
