"""Shapes of MLPerf Tiny's networks as unplanned models, without weights."""

from tinypack.model_file import ModelSpec, NodeSpec, TensorSpec


class Chain:
    """Appends nodes; every method returns the index of its output tensor."""

    def __init__(self, *shape: int):
        self.tensors = [TensorSpec(shape, "s8")]
        self.nodes: list[NodeSpec] = []

    def _node(self, op, inputs, shape, attrs=None, constants=()):
        for constant in constants:
            inputs = (*inputs, len(self.tensors))
            self.tensors.append(TensorSpec(constant, "s8", data=b""))
        self.tensors.append(TensorSpec(shape, "s8"))
        self.nodes.append(NodeSpec(op, inputs, (len(self.tensors) - 1,), attrs or {}))
        return len(self.tensors) - 1

    def conv(self, x, channels, kernel, stride=1, op="conv_2d"):
        """SAME padding, as TFLite counts it."""
        n, h, w, c = self.tensors[x].shape
        kernel_h, kernel_w = (kernel, kernel) if isinstance(kernel, int) else kernel
        out_h, out_w = -(-h // stride), -(-w // stride)
        attrs = {
            "stride_h": stride,
            "stride_w": stride,
            "pad_top": max((out_h - 1) * stride + kernel_h - h, 0) // 2,
            "pad_left": max((out_w - 1) * stride + kernel_w - w, 0) // 2,
        }
        weights = (channels, kernel_h, kernel_w, 1 if op.startswith("depthwise") else c)
        return self._node(op, (x,), (n, out_h, out_w, channels), attrs, [weights, (channels, 3)])

    def depthwise(self, x, stride=1):
        return self.conv(x, self.tensors[x].shape[3], 3, stride, "depthwise_conv_2d")

    def add(self, x, k):
        attrs = {"multiplier": 1 << 30, "shift": -18}
        for scale in ("x", "k"):
            attrs |= {f"{scale}_multiplier": 1 << 30, f"{scale}_shift": 0}
        return self._node("add", (x, k), self.tensors[x].shape, attrs)

    def pad(self, x, before, after):
        shape = self.tensors[x].shape
        padded = tuple(sum(sizes) for sizes in zip(before, shape, after, strict=True))
        attrs = {f"before_{axis}": size for axis, size in zip("nhwc", before, strict=True)}
        return self._node("pad", (x,), padded, attrs)

    def max_pool(self, x, kernel, stride):
        n, h, w, c = self.tensors[x].shape
        attrs = {"kernel_h": kernel, "kernel_w": kernel, "stride_h": stride, "stride_w": stride}
        out = (n, (h - kernel) // stride + 1, (w - kernel) // stride + 1, c)
        return self._node("max_pool_2d", (x,), out, attrs)

    def pool(self, x):
        n, h, w, c = self.tensors[x].shape
        attrs = {"kernel_h": h, "kernel_w": w, "stride_h": h, "stride_w": w}
        return self._node("average_pool_2d", (x,), (n, 1, 1, c), attrs)

    def clamp(self, x):
        """Of lowest zero: an operator that may run in place."""
        attrs = {"activation_min": 0}
        return self._node("quantize", (x,), self.tensors[x].shape, attrs)

    def concat(self, *inputs, axis):
        shapes = [self.tensors[x].shape for x in inputs]
        shape = list(shapes[0])
        shape[axis] = sum(shape[axis] for shape in shapes)
        return self._node("concat", inputs, tuple(shape), {"axis": axis + 6 - len(shape)})

    def slice(self, x, axis, begin, size):
        shape = list(self.tensors[x].shape)
        shape[axis] = size
        attrs = {f"begin_{i}": 0 for i in range(6)} | {f"step_{i}": 1 for i in range(6)}
        attrs[f"begin_{axis + 6 - len(shape)}"] = begin
        return self._node("slice", (x,), tuple(shape), attrs)

    def reshape(self, x, *shape):
        return self._node("reshape", (x,), shape)

    def dense(self, x, channels):
        inputs = self.tensors[x].shape[-1]
        return self._node(
            "fully_connected", (x,), (1, channels), None, [(channels, inputs), (channels, 3)]
        )

    def softmax(self, x):
        return self._node("softmax", (x,), self.tensors[x].shape)

    def model(self, output):
        return ModelSpec(tuple(self.tensors), tuple(self.nodes), (0,), (output,), 0)


def kws():
    net = Chain(1, 49, 10, 1)
    x = net.conv(0, 64, (10, 4), 2)
    for _ in range(4):
        x = net.conv(net.depthwise(x), 64, 1)
    x = net.dense(net.reshape(net.pool(x), 1, 64), 12)
    return net.model(net.softmax(x))


def ic():
    net = Chain(1, 32, 32, 3)
    x = net.conv(0, 16, 3)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = net.conv(net.conv(x, channels, 3, stride), channels, 3)
        x = net.add(x if stride == 1 else net.conv(x, channels, 1, stride), y)
    x = net.dense(net.reshape(net.pool(x), 1, 64), 10)
    return net.model(net.softmax(x))


def vww():
    net = Chain(1, 96, 96, 3)
    x = net.conv(0, 8, 3, 2)
    for channels, stride in (
        (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (128, 1), (128, 1),
        (128, 1), (128, 1), (256, 2), (256, 1),
    ):  # fmt: skip
        x = net.conv(net.depthwise(x, stride), channels, 1)
    x = net.dense(net.reshape(net.pool(x), 1, 256), 2)
    return net.model(net.softmax(x))


def autoencoder():
    net = Chain(1, 640)
    x = 0
    for channels in (128, 128, 128, 128, 8, 128, 128, 128, 128, 640):
        x = net.dense(x, channels)
    return net.model(x)
