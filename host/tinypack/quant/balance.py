"""Inputs whose features differ in size, in front of a linear layer: one scale for all would leave
nothing of the small ones. Each gets its own mean and deviation, which the layer's weights undo.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..ir import FloatArray, Graph, Node, Value, constant

# So many times the error's power makes it worth while.
_GAIN = 16.0


def balance_inputs(graph: Graph, inputs: Sequence[FloatArray]) -> None:
    """`inputs` are calibration samples as ops.run takes them."""
    for value, x in zip(graph.inputs, inputs, strict=True):
        readers = value.users
        if (
            value.rank in (1, 2)
            and value.onnx_permutation is None
            and value.quant is None
            and readers
            and not graph.is_output(value)
            and all(node.op == "fully_connected" for node in readers)
        ):
            _balance(value, readers, x.reshape(-1, value.shape[-1]).astype(np.float64))


def _balance(value: Value, readers: Sequence[Node], x: NDArray[np.float64]) -> None:
    low, high = x.min(0), x.max(0)
    reach = (high - low) / 2
    reach[reach == 0] = 1.0
    step = max(high.max(), 0.0) - min(low.min(), 0.0)
    power = sum(np.square(node.input(1).data.astype(np.float64)).sum(0) for node in readers)
    if _GAIN * float((power * np.square(2 * reach)).sum()) >= float(np.sum(power)) * step**2:
        return
    middle = (high + low) / 2
    value.normalize(middle, reach)
    for node in readers:
        weights = node.input(1).data.astype(np.float64)
        bias = node.input(2).data.astype(np.float64) + weights @ middle
        for position, array in ((1, weights * reach), (2, bias)):
            old = node.input(position)
            node.set_input(position, constant(f"{old.name}/balanced", array.astype(np.float32)))
