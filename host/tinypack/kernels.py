"""Which kernels each node runs on the boards of each kernel family."""

from collections.abc import Mapping

from tinyinfer.kernels import PLAIN, Operand, kernel_parts

from .model_file import ModelSpec, NodeSpec
from .model_file.spec import BITS
from .optable import FAMILIES
from .plan.lifetime import formula_names

# No kernel is written for mve yet, and nothing has run on one.
SHOWN = tuple(family for family in FAMILIES if family != "mve")


def kernels_by_family(model: ModelSpec, node: NodeSpec) -> dict[str, dict[str, float]]:
    """By family the kernels of a node and their parts of its multiply-accumulates."""
    operands = [
        Operand(tensor.shape, BITS[tensor.dtype], tensor.zero_point, tensor.data)
        for tensor in (model.tensors[i] for i in (*node.inputs, node.outputs[0]))
    ]
    asked = (node.op, operands[:-1], operands[-1], formula_names(model, node)["a"])
    return {family: kernel_parts(family, *asked, aligned=True) for family in SHOWN}


def main_kernel(parts: Mapping[str, float]) -> str:
    return max(parts, key=parts.__getitem__)


def fast(parts: Mapping[str, float]) -> float:
    """The part of a node's multiply-accumulates that is not left to plain C."""
    return 1 - parts.get(PLAIN, 0)
