"""Source operators become operators of ops.def, NHWC between transposes that later passes move."""

from collections.abc import Sequence

import numpy as np

from ..errors import PackError, contradictions
from ..ir import Array, Model, Node, QuantParams, Value
from ..ops import legalizers, unsupported
from ..ops._build import Builder
from ._constants import LINEAR
from .eliminate_identity import refuse_extra_outputs

# Codes recovered from float32 weights are whole numbers to within this.
_OFF_CODE = 1e-2


def legalize(model: Model) -> None:
    graph = model.graph
    for node in graph.nodes.copy():
        if not legalizers(node.op):
            raise unsupported(node.name, node.op)
        refuse_extra_outputs(graph, node)
        build = Builder(graph, node, model.opset)
        first = graph.nodes.index(node)
        with contradictions(f"node {node.name!r}: {node.op}"):
            result = _legalized(node, build)
        _keep_integers(node, graph.nodes[first : graph.nodes.index(node)])
        if not graph.can_replace(node.outputs[0], result):
            result = build.copy(result)
        graph.replace_all_uses_with(node.outputs[0], result)
        graph.remove(node)


def _keep_integers(source: Node, layers: Sequence[Node]) -> None:
    """Weights that the file holds as integers stay those, in the order that the layer has."""
    for layer in layers:
        if layer.op in LINEAR:
            stored = next((v for v in source.inputs if v is not None and v.quant), None)
            if stored is not None and stored.quant is not None:
                layer.input(1).quant = _of_channels(source, stored.quant, layer.input(1).data)


def _of_channels(source: Node, quant: QuantParams, weights: Array) -> QuantParams | None:
    """The scales, if they are one for each output channel and the codes fit."""
    if quant.axis is not None and len(quant.scale) != len(weights):
        return None
    scale = np.array(quant.scale, np.float64).reshape(-1, *[1] * (weights.ndim - 1))
    codes = weights / scale
    if np.abs(codes - np.rint(codes)).max() > _OFF_CODE:
        return None  # a factor of the source's operator is in them
    limit = 8 if quant.dtype == "s4" else 128
    if codes.min() < -limit - 0.5 or codes.max() > limit - 0.5:
        raise PackError(
            f"node {source.name!r}: its weights have a zero point that takes them out of"
            f" {-limit}..{limit - 1}; quantize weights symmetrically"
        )
    axis = 0 if quant.axis is not None else None
    return QuantParams(quant.dtype, quant.scale, (0,) * len(quant.scale), axis)


def _legalized(node: Node, build: Builder) -> Value:
    for module in legalizers(node.op):
        result: Value | None = module.legalize(node, build)
        if result is not None:
            return result
    raise unsupported(node.name, node.op)
