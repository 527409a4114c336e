"""Sums, products and functions of one element."""

from tests.models.small_graph import SmallGraph, model

# Elementwise


@model()
def add_tensors(g: SmallGraph) -> str:
    return g.op("Add", g.x(1, 3, 4, 4), g.x(1, 3, 4, 4, name="y"))


@model()
def add_broadcast(g: SmallGraph) -> str:
    return g.op("Add", g.x(1, 3, 4, 4), g.x(1, 3, 1, 1, name="y"))


@model()
def mul_tensors(g: SmallGraph) -> str:
    return g.op("Mul", g.x(1, 3, 4, 4), g.x(1, 3, 4, 4, name="y"))


@model()
def mul_gate(g: SmallGraph) -> str:
    """Squeeze and excitation: channels scaled by a function of their means."""
    x = g.x(1, 4, 5, 5)
    gate = g.op("Conv", g.op("GlobalAveragePool", x), g.weights(4, 4, 1, 1), g.bias(4))
    return g.op("Mul", x, g.op("Sigmoid", gate))


@model()
def normalize_input(g: SmallGraph) -> str:
    """(x - mean) / std per channel before the first convolution."""
    x = g.op("Sub", g.x(1, 3, 6, 6), g.constant(g.rng.uniform(0.3, 0.6, (1, 3, 1, 1))))
    x = g.op("Div", x, g.constant(g.rng.uniform(0.2, 0.3, (3, 1, 1))))
    return g.op("Conv", x, g.weights(4, 3, 3, 3), g.bias(4))


@model()
def scale_after_conv(g: SmallGraph) -> str:
    """A Mul and an Add with constants on either side, as from a frozen normalization."""
    y = g.op("Conv", g.x(1, 3, 6, 6), g.weights(4, 3, 3, 3), g.bias(4))
    y = g.op("Mul", g.constant(g.rng.uniform(0.5, 2, (1, 4, 1, 1))), y)
    return g.op("Add", y, g.constant(g.rng.standard_normal((4, 1, 1))))


@model()
def scalar_constants(g: SmallGraph) -> str:
    return g.op("Add", g.op("Mul", g.x(1, 6), g.constant(0.5)), g.constant([0.25]))


@model()
def residual(g: SmallGraph) -> str:
    x = g.op("Relu", g.x(1, 4, 6, 6))
    y = g.op("Conv", x, g.weights(4, 4, 3, 3), g.bias(4), pads=[1, 1, 1, 1])
    return g.op("Relu", g.op("Add", x, y))


@model()
def two_outputs(g: SmallGraph) -> tuple[str, str]:
    x = g.op("Relu", g.x(1, 8))
    weights = g.weights(3, 8)
    return g.op("Gemm", x, weights, g.bias(3), transB=1), g.op("Tanh", x)


# Activations


@model(opset=6)
def clip_attribute(g: SmallGraph) -> str:
    return g.op("Clip", g.x(1, 40), min=0.0, max=0.75)


@model(opset=11)
def clip_input(g: SmallGraph) -> str:
    return g.op("Clip", g.x(1, 40), g.constant(0), g.constant(0.75))


@model(opset=13)
def clip_constant_node(g: SmallGraph) -> str:
    low, high = g.op("Constant", value_float=0.0), g.op("Constant", value_float=0.75)
    return g.op("Clip", g.x(1, 40), low, high)


@model()
def clip_min_only(g: SmallGraph) -> str:
    return g.op("Clip", g.x(1, 40), g.constant(-0.5))


@model()
def clip_max_only(g: SmallGraph) -> str:
    return g.op("Clip", g.x(1, 40), "", g.constant(0.5))


@model()
def prelu(g: SmallGraph) -> str:
    return g.op("PRelu", g.x(1, 4, 3, 3), g.constant(g.rng.uniform(0, 0.5, (4, 1, 1))))


@model()
def hard_swish_node(g: SmallGraph) -> str:
    return g.op("HardSwish", g.x(1, 40))


@model(opset=11)
def hard_swish_hard_sigmoid(g: SmallGraph) -> str:
    x = g.x(1, 40)
    return g.op("Mul", x, g.op("HardSigmoid", x, alpha=1 / 6))


@model(opset=11)
def hard_swish_relu6(g: SmallGraph) -> str:
    x = g.x(1, 40)
    y = g.op("Clip", g.op("Add", x, g.constant(3)), g.constant(0), g.constant(6))
    return g.op("Div", g.op("Mul", x, y), g.constant(6))


@model()
def silu(g: SmallGraph) -> str:
    x = g.x(1, 40)
    return g.op("Mul", x, g.op("Sigmoid", x))


@model()
def softmax(g: SmallGraph) -> str:
    return g.op("Softmax", g.x(1, 10))


@model(opset=11)
def softmax_flattened(g: SmallGraph) -> str:
    """Before opset 13 the axis is 1 unless given, and all axes from it on are one."""
    return g.op("Softmax", g.x(1, 2, 5))


def _unary(name: str, op: str, **attributes: float) -> None:
    def body(g: SmallGraph) -> str:
        return g.op(op, g.x(1, 40), **attributes)

    body.__name__ = name
    model()(body)


_unary("relu", "Relu")
_unary("sigmoid", "Sigmoid")
_unary("tanh", "Tanh")
_unary("leaky_relu", "LeakyRelu", alpha=0.1)
_unary("leaky_relu_default", "LeakyRelu")
_unary("elu", "Elu", alpha=0.5)
_unary("hard_sigmoid", "HardSigmoid", alpha=0.25, beta=0.4)
_unary("hard_sigmoid_default", "HardSigmoid")
