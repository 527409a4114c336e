"""Source operators become operators of ops.def, NHWC between transposes that later passes move."""

from ..ir import Model, Node, Value
from ..ops import legalizers, unsupported
from ..ops._build import Builder
from .eliminate_identity import refuse_extra_outputs


def legalize(model: Model) -> None:
    graph = model.graph
    for node in graph.nodes.copy():
        if not legalizers(node.op):
            raise unsupported(node.name, node.op)
        refuse_extra_outputs(graph, node)
        build = Builder(graph, node, model.opset)
        result = _legalized(node, build)
        if not graph.can_replace(node.outputs[0], result):
            result = build.copy(result)
        graph.replace_all_uses_with(node.outputs[0], result)
        graph.remove(node)


def _legalized(node: Node, build: Builder) -> Value:
    for module in legalizers(node.op):
        result: Value | None = module.legalize(node, build)
        if result is not None:
            return result
    raise unsupported(node.name, node.op)
