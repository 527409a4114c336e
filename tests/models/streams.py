"""Recurrent networks in the two forms that exporters give them: whole windows, and streams."""

import numpy as np
import onnx

from tests.zoo.builder import Net

INPUTS, UNITS, CLASSES = 5, 8, 3
_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def windows(kind: str, steps: int, layers: int = 2) -> onnx.ModelProto:
    """[1, steps, inputs] to classes behind the last step; a dense layer at every step first."""
    n = Net(f"{kind.lower()}_windows", opset=14)
    x = n.op("Tanh", n.matmul(n.input(1, steps, INPUTS), INPUTS, INPUTS))
    x = n.transpose(x, 1, 0, 2)
    for layer in range(layers):
        y = n.recurrent(kind, x, UNITS if layer else INPUTS, UNITS)
        x = n.op("Squeeze", y, n.integers(1))
    last = n.op("Gather", x, n.constant(-1, np.int64), axis=0)
    return n.model(n.dense(last, UNITS, CLASSES))


def stream(kind: str, layers: int = 2, *, shown: bool = True) -> onnx.ModelProto:
    """One step, as PyTorch exports it: the states of all layers come in and go out as one array.

    `shown`: the new states are outputs.
    """
    n = Net(f"{kind.lower()}_stream", opset=14)
    x = n.transpose(n.input(1, 1, INPUTS), 1, 0, 2)
    names = ("h0", "c0")[: 1 + (kind == "LSTM")]
    states = [n.input(layers, 1, UNITS, name=name) for name in names]
    after: list[list[str]] = [[] for _ in names]
    gates = _GATES[kind] * UNITS
    for layer in range(layers):
        begin, end = n.integers(layer), n.integers(layer + 1)
        size = UNITS if layer else INPUTS
        y, *new = n.op(
            kind,
            x,
            n.constant(n.normal(1, gates, size, scale=1 / np.sqrt(size))),
            n.constant(n.normal(1, gates, UNITS, scale=1 / np.sqrt(UNITS))),
            n.constant(n.normal(1, 2 * gates, scale=0.1)),
            "",
            *(n.op("Slice", state, begin, end, n.integers(0)) for state in states),
            outputs=1 + len(names),
            hidden_size=UNITS,
            **({"linear_before_reset": 1} if kind == "GRU" else {}),
        )
        for known, value in zip(after, new, strict=True):
            known.append(value)
        x = n.op("Squeeze", y, n.integers(1))
    y = n.dense(n.reshape(x, 1, UNITS), UNITS, CLASSES)
    return n.model(y, *(n.op("Concat", *known, axis=0) for known in after if shown))
