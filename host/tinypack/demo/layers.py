"""Layers of a small convolutional network in plain numpy, NHWC: forward, backward and parameters.

Only what training the bundled model takes; tests compute their seeded networks with the same
convolutions. Everything is float64 so that sums in another order differ by 1e-15, not by 1e-7.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pads = tuple[int, int, int, int]  # top, left, bottom, right


def patches(x: Array, kernel: tuple[int, int], stride: int, pads: Pads) -> Array:
    """View [n, oh, ow, c, kh, kw] of every kernel window of x [n, h, w, c]."""
    top, left, bottom, right = pads
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    windows: Array = sliding_window_view(padded, kernel, (1, 2))
    return windows[:, ::stride, ::stride]


def convolve(x: Array, weights: Array, stride: int, pads: Pads) -> Array:
    """2-D convolution with weights [oc, ic, kh, kw]."""
    oc, _, kh, kw = weights.shape
    columns = patches(x, (kh, kw), stride, pads)
    rows = columns.reshape(-1, weights[0].size)
    y: Array = rows @ weights.reshape(oc, -1).T
    return y.reshape(*columns.shape[:3], oc)


def convolve_depthwise(x: Array, weights: Array, stride: int, pads: Pads) -> Array:
    """Depthwise 2-D convolution with weights [c, 1, kh, kw]."""
    _, _, kh, kw = weights.shape
    columns = patches(x, (kh, kw), stride, pads)
    taps = [(ky, kx) for ky in range(kh) for kx in range(kw)]
    products = [columns[..., ky, kx] * weights[:, 0, ky, kx] for ky, kx in taps]
    y: Array = np.sum(products, axis=0)
    return y


class Layer:
    """A function of one tensor that remembers in forward() what backward() needs."""

    name = ""

    def forward(self, x: Array, training: bool) -> Array:
        raise NotImplementedError

    def backward(self, dy: Array) -> Array:
        """Gradient to the input; gradients to the parameters are kept."""
        raise NotImplementedError

    def parameters(self) -> "list[Parameter]":
        return []


@dataclass
class Parameter:
    value: Array
    gradient: Array = field(init=False)
    velocity: Array = field(init=False)

    def __post_init__(self) -> None:
        self.gradient = np.zeros_like(self.value)
        self.velocity = np.zeros_like(self.value)


def he_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal weights [out, in...] with variance 2 / inputs per output."""
    return rng.standard_normal(shape) * math.sqrt(2 / math.prod(shape[1:]))


class Conv(Layer):
    """2-D convolution, stride 1, "same" padding, odd kernel; depthwise if asked."""

    def __init__(
        self, name: str, rng: np.random.Generator, inputs: int, outputs: int, kernel: int,
        *, depthwise: bool = False, bias: bool = False,
    ) -> None:  # fmt: skip
        if depthwise and inputs != outputs:
            raise ValueError(f"{name}: {inputs} inputs but {outputs} outputs")
        self.name = name
        self.depthwise = depthwise
        self.pad = kernel // 2
        taps = (outputs, 1 if depthwise else inputs, kernel, kernel)
        self.weights = Parameter(he_normal(rng, taps))
        self.bias = Parameter(np.zeros(outputs)) if bias else None

    def parameters(self) -> list[Parameter]:
        return [self.weights] if self.bias is None else [self.weights, self.bias]

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        function = convolve_depthwise if self.depthwise else convolve
        y = function(x, self.weights.value, 1, (self.pad,) * 4)
        return y if self.bias is None else y + self.bias.value

    def backward(self, dy: Array) -> Array:
        w = self.weights.value
        kernel = w.shape[2], w.shape[3]
        columns = patches(self.x, kernel, 1, (self.pad,) * 4)
        flipped = w[:, :, ::-1, ::-1]
        if self.bias is not None:
            self.bias.gradient = dy.sum((0, 1, 2))
        if self.depthwise:
            self.weights.gradient = np.einsum("nhwckl,nhwc->ckl", columns, dy)[:, None]
            return convolve_depthwise(dy, flipped, 1, (self.pad,) * 4)
        outputs = dy.reshape(-1, dy.shape[-1])
        self.weights.gradient = (outputs.T @ columns.reshape(len(outputs), -1)).reshape(w.shape)
        return convolve(dy, flipped.swapaxes(0, 1), 1, (self.pad,) * 4)


class BatchNorm(Layer):
    """Batch normalization over the channels, with running statistics for inference."""

    epsilon = 1e-5
    momentum = 0.1

    def __init__(self, name: str, channels: int) -> None:
        self.name = name
        self.scale = Parameter(np.ones(channels))
        self.bias = Parameter(np.zeros(channels))
        self.mean = np.zeros(channels)
        self.variance = np.ones(channels)

    def parameters(self) -> list[Parameter]:
        return [self.scale, self.bias]

    def forward(self, x: Array, training: bool) -> Array:
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            self.mean = self.mean + self.momentum * (mean - self.mean)
            self.variance = self.variance + self.momentum * (variance - self.variance)
        self.inverse_std = 1 / np.sqrt(variance + self.epsilon)
        self.normal = (x - mean) * self.inverse_std
        return self.normal * self.scale.value + self.bias.value

    def backward(self, dy: Array) -> Array:
        axes = (0, 1, 2)
        self.bias.gradient = dy.sum(axes)
        self.scale.gradient = (dy * self.normal).sum(axes)
        centred = dy - dy.mean(axes) - self.normal * (dy * self.normal).mean(axes)
        dx: Array = centred * (self.scale.value * self.inverse_std)
        return dx


class Clip(Layer):
    """ReLU (no maximum) or ReLU6 (maximum 6)."""

    def __init__(self, name: str, maximum: float = np.inf) -> None:
        self.name = name
        self.maximum = maximum

    def forward(self, x: Array, training: bool) -> Array:
        self.passes = (x > 0) & (x < self.maximum)
        return np.clip(x, 0, self.maximum)

    def backward(self, dy: Array) -> Array:
        return dy * self.passes


class Pool(Layer):
    """Maximum or average of 2 x 2 blocks."""

    def __init__(self, name: str, *, maximum: bool) -> None:
        self.name = name
        self.maximum = maximum

    def forward(self, x: Array, training: bool) -> Array:
        n, h, w, c = x.shape
        blocks = x.reshape(n, h // 2, 2, w // 2, 2, c)
        if not self.maximum:
            self.share = np.full(blocks.shape, 0.25)
            mean: Array = blocks.mean((2, 4))
            return mean
        y: Array = blocks.max((2, 4), keepdims=True)
        # Equal elements share the gradient: which one is first to the last bit is chance.
        winners = blocks >= y - 1e-9
        self.share = winners / winners.sum((2, 4), keepdims=True)
        return y.reshape(n, h // 2, w // 2, c)

    def backward(self, dy: Array) -> Array:
        n, h, w, c = dy.shape
        return (self.share * dy[:, :, None, :, None]).reshape(n, 2 * h, 2 * w, c)


class GlobalAveragePool(Layer):
    """Mean over height and width: [n, h, w, c] to [n, c]."""

    def __init__(self, name: str) -> None:
        self.name = name

    def forward(self, x: Array, training: bool) -> Array:
        self.shape = x.shape
        y: Array = x.mean((1, 2))
        return y

    def backward(self, dy: Array) -> Array:
        _, h, w, _ = self.shape
        return np.broadcast_to(dy[:, None, None] / (h * w), self.shape)


class Gemm(Layer):
    """Fully connected: x @ weights.T + bias."""

    def __init__(self, name: str, rng: np.random.Generator, inputs: int, outputs: int) -> None:
        self.name = name
        self.weights = Parameter(he_normal(rng, (outputs, inputs)))
        self.bias = Parameter(np.zeros(outputs))

    def parameters(self) -> list[Parameter]:
        return [self.weights, self.bias]

    def forward(self, x: Array, training: bool) -> Array:
        self.x = x
        y: Array = x @ self.weights.value.T
        return y + self.bias.value

    def backward(self, dy: Array) -> Array:
        self.weights.gradient = dy.T @ self.x
        self.bias.gradient = dy.sum(0)
        dx: Array = dy @ self.weights.value
        return dx


class Sequential(Layer):
    """Layers one after the other."""

    def __init__(self, *layers: Layer) -> None:
        self.layers = layers

    def parameters(self) -> list[Parameter]:
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def forward(self, x: Array, training: bool) -> Array:
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dy: Array) -> Array:
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


class Residual(Layer):
    """x + body(x)."""

    def __init__(self, name: str, *layers: Layer) -> None:
        self.name = name
        self.body = Sequential(*layers)

    def parameters(self) -> list[Parameter]:
        return self.body.parameters()

    def forward(self, x: Array, training: bool) -> Array:
        return x + self.body.forward(x, training)

    def backward(self, dy: Array) -> Array:
        return dy + self.body.backward(dy)
