"""How long an inference takes, estimated: instructions counted in QEMU, times published cycles.

speed.json has what `make results` measured: per instruction set (the architecture of its
native module), operator and width of weights the instructions per multiply-accumulate and per
element, and the bytes of each native module.
"""

import json
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

from .boards import Board
from .model_file import ModelSpec, NodeSpec
from .optable import OPS, evaluate
from .plan.lifetime import formula_names

# Stands for operators without products that no measured network has.
_TYPICAL = "add s8"
SPEED = Path(__file__).with_name("speed.json")


@cache
def speed() -> dict[str, Any]:
    """The measured figures."""
    figures: dict[str, Any] = json.loads(SPEED.read_text(encoding="utf-8"))
    return figures


def native_module_bytes(board: Board) -> int | None:
    """What the native module takes of RAM, at most; None where it was not measured."""
    if board.natmod is None:
        return 0
    size: int | None = speed()["native_modules"].get(board.natmod)
    return size


def milliseconds(board: Board, model: ModelSpec) -> float | None:
    """An estimate; None where something it needs was never measured."""
    known = speed()["instructions"].get(board.natmod)
    if not known or not board.clock_hz or not board.cycles_per_instruction:
        return None
    total = 0.0
    for node in model.nodes:
        kind, macs, elements = workload(model, node)
        if kind not in known and (macs or model.tensors[node.outputs[0]].dtype != "s8"):
            return None
        if node.op != "reshape":
            per_mac, per_element = known.get(kind, known[_TYPICAL])
            total += per_mac * macs + per_element * elements
    return 1000 * total * board.cycles_per_instruction / board.clock_hz


def workload(model: ModelSpec, node: NodeSpec) -> tuple[str, int, int]:
    """What instructions depend on: operator and types, multiply-accumulates, elements."""
    macs = evaluate(OPS[node.op].macs, formula_names(model, node))
    tensors = [model.tensors[i] for i in node.inputs]
    weights = next((t.dtype for t in tensors if t.data is not None), "")
    output = model.tensors[node.outputs[0]]
    elements = prod(output.shape)
    if not macs:
        elements = max(elements, *(prod(t.shape) for t in tensors if t.data is None), 0)
    return f"{node.op} {output.dtype} {weights}".strip(), macs, elements
