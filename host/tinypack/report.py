"""What a model file costs: bytes, multiply-accumulates and memory, per node and in total."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .kernels import SHOWN, fast, kernels_by_family, main_kernel
from .model_file import ModelSpec, TensorSpec
from .optable import OPS, evaluate
from .plan.lifetime import formula_names, lifetimes
from .wording import count


@dataclass(frozen=True)
class NodeCost:
    name: str
    op: str
    shape: tuple[int, ...]
    weights: str
    macs: int
    weight_bytes: int
    live_bytes: int
    kernels: Mapping[str, str]


@dataclass(frozen=True)
class Cost:
    """`params` counts weights and biases. `weight_bytes` are of weights as they are stored,
    `constant_bytes` also of biases, multipliers and tables. `fast_macs` are those that a kernel
    family does not leave to plain C.
    """

    file_bytes: int
    weight_bytes: int
    constant_bytes: int
    arena_bytes: int
    arena_by_family: Mapping[str, int]
    params: int
    macs: int
    fast_macs: Mapping[str, int]
    nodes: tuple[NodeCost, ...]


def cost(model: ModelSpec, file_bytes: int) -> Cost:
    live = lifetimes(model).live
    nodes = []
    fast_macs = dict.fromkeys(SHOWN, 0)
    # Weights that several nodes share count once in the sums.
    weight_bytes: dict[int, int] = {}
    params: dict[int, int] = {}
    for index, node in enumerate(model.nodes):
        indices = [i for i in node.inputs if model.tensors[i].data is not None]
        constants = [model.tensors[i] for i in indices]
        sizes = [_weight_bytes(node.op, tensor) for tensor in constants]
        macs = evaluate(OPS[node.op].macs, formula_names(model, node))
        kernels = kernels_by_family(model, node)
        for family, parts in kernels.items():
            fast_macs[family] += round(macs * fast(parts))
        nodes.append(
            NodeCost(
                name=node.name,
                op=node.op,
                shape=model.tensors[node.outputs[0]].shape,
                weights=constants[0].dtype if constants else "",
                macs=macs,
                weight_bytes=sum(sizes),
                live_bytes=live[index],
                kernels={family: main_kernel(parts) for family, parts in kernels.items()},
            )
        )
        weight_bytes |= zip(indices, sizes, strict=True)
        params |= {i: _parameters(node.op, model.tensors[i]) for i in indices}
    stored = {t.data for t in model.tensors if t.data is not None}
    return Cost(
        file_bytes=file_bytes,
        weight_bytes=sum(weight_bytes.values()),
        constant_bytes=sum(len(data) for data in stored),
        arena_bytes=model.arena_bytes,
        arena_by_family=dict(model.families),
        params=sum(params.values()),
        macs=sum(node.macs for node in nodes),
        fast_macs=fast_macs,
        nodes=tuple(nodes),
    )


def _weight_bytes(op: str, tensor: TensorSpec) -> int:
    """Biases and multipliers are s32; a table is no weight."""
    return 0 if tensor.dtype == "s32" or op == "table" else len(tensor.data or b"")


def _parameters(op: str, tensor: TensorSpec) -> int:
    """Trained numbers in a constant: of params only the bias counts, of a table nothing."""
    elements = 1
    for size in tensor.shape:
        elements *= size
    if op == "table":
        return 0
    return tensor.shape[0] if tensor.dtype == "s32" else elements


def what_is_large(model: ModelSpec) -> list[str]:
    """Sentences on what would make the model smaller."""
    total = cost(model, 0)
    result = []
    heavy = {i for node in model.nodes if OPS[node.op].macs != "0" for i in node.inputs}
    constants = [t for t in map(model.tensors.__getitem__, sorted(heavy)) if t.data is not None]
    s8 = sum(len(t.data or b"") for t in constants if t.dtype == "s8")
    if s8:
        result.append(f"--precision int4 would save up to {count(s8 // 2)} bytes of weights")
    largest = max(total.nodes, key=lambda node: node.weight_bytes, default=None)
    if largest and len(total.nodes) > 1 and 4 * largest.weight_bytes >= total.weight_bytes > 0:
        share = 100 * largest.weight_bytes / total.weight_bytes
        result.append(f"{largest.name or largest.op} holds {share:.0f} % of the bytes of weights")
    peak = max(total.nodes, key=lambda node: node.live_bytes, default=None)
    if peak:
        result.append(
            f"{peak.name or peak.op} needs {count(peak.live_bytes)} bytes of the arena,"
            " whatever the order of layers"
        )
    return result


def info(model: ModelSpec, file_bytes: int) -> dict[str, Any]:
    """The keys of `tinypack info --json`."""
    total = cost(model, file_bytes)
    return {
        "file_bytes": total.file_bytes,
        "weight_bytes": total.weight_bytes,
        "constant_bytes": total.constant_bytes,
        "arena_bytes": total.arena_bytes,
        "arena_by_family": dict(total.arena_by_family),
        "params": total.params,
        "macs": total.macs,
        "fast_macs": dict(total.fast_macs),
        "operators": [
            {
                "op": node.op,
                "name": node.name,
                "shape": list(node.shape),
                "weights": node.weights,
                "macs": node.macs,
                "weight_bytes": node.weight_bytes,
                "live_bytes": node.live_bytes,
                "kernels": dict(node.kernels),
            }
            for node in total.nodes
        ],
        "inputs": [_tensor(model.tensors[i]) for i in model.inputs],
        "outputs": [_tensor(model.tensors[i]) for i in model.outputs],
        "labels": list(model.labels),
        "metadata": dict(model.metadata),
    }


def _tensor(tensor: TensorSpec) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "scale": tensor.scale,
        "zero_point": tensor.zero_point,
    }
