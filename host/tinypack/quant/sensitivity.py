"""Which layers' rounding shows in what the model decides, each layer judged alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import ops
from ..ir import FloatArray, Graph, Node, QuantParams
from .observe import fake_quantize
from .quantizer import quantize_graph


@dataclass(frozen=True)
class LayerNoise:
    """Mean squared error that one layer's rounding makes in the decisions.

    `weights` is of its weights, None of a layer without; `output` of its result's rounding, None
    where nothing is rounded or that was not asked for.
    """

    node: Node
    dtype: str
    weights: float | None
    output: float | None
    parameters: int


def decision_graph(graph: Graph) -> Graph:
    """The graph up to its first output's logits: without a softmax, sigmoid or arg_max at its end.

    Nodes and values are the same objects. Eight bits of a probability hide how sure a model is.
    """
    decision = graph.outputs[0]
    last = decision.producer
    if last is None or not (
        last.op == "softmax"
        or last.attrs.get("function") == ("sigmoid", "x")
        or (last.op == "arg_max" and not last.attrs["minimum"])
    ):
        return graph
    logits = Graph(graph.name)
    logits.inputs, logits.outputs = list(graph.inputs), [last.input(0)]
    logits.nodes = [node for node in graph.nodes if node is not last]
    logits.windows = graph.windows
    return logits


def decisions(outputs: Sequence[FloatArray]) -> NDArray[np.float64]:
    """Numbers [samples, count] whose order is the answer."""
    return outputs[0].reshape(len(outputs[0]), -1).astype(np.float64)


def layer_noise(
    graph: Graph, inputs: Sequence[FloatArray], precision: str, *, outputs: bool = True
) -> list[LayerNoise]:
    """Of every node of a decision_graph(), in order; `inputs` as ops.run takes them."""
    exact = decisions(ops.run(graph, inputs))
    rounded = quantize_graph(graph, inputs, precision, alone=True)

    def error(outputs: Sequence[FloatArray]) -> float:
        difference = decisions(outputs) - exact
        # What moves all classes alike changes no answer.
        if difference.shape[1] > 1:
            difference -= difference.mean(1, keepdims=True)
        return float(np.mean(difference**2))

    found = []
    for node in graph.nodes:
        result = rounded.nodes[node]
        planes = result.planes
        of_weights = of_output = None
        if planes:
            of_weights = error(_with_result(graph, inputs, node, result.actual))
        if outputs and not ops.keeps_scale(node):
            of_output = error(_with_output(graph, inputs, node, result.output))
        dtype = planes[0].dtype if planes else ""
        count = sum(plane.codes.size for plane in planes)
        found.append(LayerNoise(node, dtype, of_weights, of_output, count))
    return found


def _with_result(
    graph: Graph, inputs: Sequence[FloatArray], node: Node, result: FloatArray
) -> list[FloatArray]:
    """`result` of all samples in place of what the node computes."""
    done = 0

    def visit(seen: Node, operands: Sequence[FloatArray], y: FloatArray) -> FloatArray | None:
        nonlocal done
        if seen is not node:
            return None
        done += len(y)
        return result[done - len(y) : done]

    return ops.run(graph, inputs, visit)


def _with_output(
    graph: Graph, inputs: Sequence[FloatArray], node: Node, params: QuantParams
) -> list[FloatArray]:
    def visit(seen: Node, operands: Sequence[FloatArray], y: FloatArray) -> FloatArray | None:
        if seen is not node:
            return None
        return fake_quantize(y, params.scale[0], params.zero_point[0])

    return ops.run(graph, inputs, visit)
