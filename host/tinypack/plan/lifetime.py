"""Which bytes live when: tensors and scratch as blocks, and how close two may come."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from ..model_file import ModelSpec, NodeSpec, TensorSpec
from ..model_file.spec import BITS
from ..optable import FAMILIES, OPS, evaluate, nhwc
from .overlap import ALIGNMENT, Lead, leads
from .packing import Neighbour


@dataclass(frozen=True)
class Block:
    """Bytes that lie together: a tensor with what lies inside of it, or a node's scratch.

    Alive from node `first` to node `last`; -1 is before the first node.
    """

    size: int
    first: int
    last: int


@dataclass(frozen=True)
class Lifetimes:
    """`block_of` and its place in there by tensor, `scratch_of` by node; `live`: least bytes of
    each node."""

    blocks: tuple[Block, ...]
    block_of: Mapping[int, int]
    place: Mapping[int, int]
    scratch_of: Mapping[int, int]
    neighbours: Mapping[int, Sequence[Neighbour]]
    live: tuple[int, ...]


def lifetimes(model: ModelSpec) -> Lifetimes:
    block_of, place, blocks = _tensor_blocks(model)
    scratch_of: dict[int, int] = {}
    for time, node in enumerate(model.nodes):
        if size := max(scratch_by_family(model, node).values()):
            scratch_of[time] = len(blocks)
            blocks.append(Block(size, time, time))
    neighbours = _neighbours(model, block_of, place, blocks)
    live = tuple(_least_bytes(time, blocks, neighbours) for time in range(len(model.nodes)))
    return Lifetimes(tuple(blocks), block_of, place, scratch_of, neighbours, live)


def tensor_bytes(tensor: TensorSpec) -> int:
    count = 1
    for size in tensor.shape:
        count *= size
    return (count * BITS[tensor.dtype] + 7) // 8


def formula_names(model: ModelSpec, node: NodeSpec) -> dict[str, object]:
    """What formulas of ops.def see of a node."""
    tensors = [model.tensors[i] for i in (*node.inputs[:2], node.outputs[0])]
    views = [nhwc(t.shape, BITS[t.dtype]) for t in tensors]
    attrs = {attr.name: attr.default for attr in OPS[node.op].attrs} | dict(node.attrs)
    return {"x": views[0], "k": views[-2], "y": views[-1], "a": SimpleNamespace(**attrs)}


def scratch_by_family(model: ModelSpec, node: NodeSpec) -> dict[str, int]:
    names = formula_names(model, node)
    return {f: evaluate(OPS[node.op].scratch_formula(f), names) for f in FAMILIES}


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _tensor_blocks(model: ModelSpec) -> tuple[dict[int, int], dict[int, int], list[Block]]:
    """Block of each arena tensor and its place there; a reshape's output and input are one.
    State has no block."""
    arena = [i for i, t in enumerate(model.tensors) if t.data is None and not t.state]
    owner: dict[int, int] = {}
    place: dict[int, int] = {}
    for i in arena:
        owner[i], place[i] = model.tensors[i].inside or (i, 0)
    first = dict.fromkeys(arena, -1)
    last = dict.fromkeys(arena, -1)
    for time, node in enumerate(model.nodes):
        for i in node.outputs:
            if i in first:
                first[i] = last[i] = time
        for i in node.inputs:
            if i in last:
                last[i] = time
        if node.op == "reshape" and node.inputs[0] in owner:
            owner[node.outputs[0]] = owner[node.inputs[0]]
            place[node.outputs[0]] = place[node.inputs[0]]
    for i in model.outputs:
        last[i] = len(model.nodes)
    members: dict[int, list[int]] = defaultdict(list)
    for i in arena:
        members[owner[i]].append(i)
    block_of: dict[int, int] = {}
    blocks: list[Block] = []
    for tensors in members.values():
        for i in tensors:
            block_of[i] = len(blocks)
        blocks.append(
            Block(
                max(place[i] + tensor_bytes(model.tensors[i]) for i in tensors),
                min(first[i] for i in tensors),
                max(last[i] for i in tensors),
            )
        )
    return block_of, place, blocks


def _neighbours(
    model: ModelSpec,
    block_of: Mapping[int, int],
    place: Mapping[int, int],
    blocks: Sequence[Block],
) -> dict[int, list[Neighbour]]:
    result: dict[int, list[Neighbour]] = {b: [] for b in range(len(blocks))}
    allowed: dict[tuple[int, int], Lead] = {}
    for time, node in enumerate(model.nodes):
        out = block_of[node.outputs[0]]
        inputs = [model.tensors[i] for i in node.inputs]
        attrs = {attr.name: attr.default for attr in OPS[node.op].attrs} | dict(node.attrs)
        for position, lead in leads(
            node.op, attrs, inputs, model.tensors[node.outputs[0]]
        ).items():
            block = block_of[node.inputs[position]]
            # Only the last reader may overwrite what it reads.
            if block == out or blocks[block].last != time or blocks[out].first != time:
                continue
            # A part of a block is not overwritten: the node may read other parts of it.
            whole = all(
                blocks[block].size == tensor_bytes(model.tensors[i])
                for i in node.inputs
                if block_of.get(i) == block
            )
            within = place[node.outputs[0]]
            if whole and within % lead.step == 0:
                allowed[block, out] = Lead(lead.least + within, lead.step)
    for a, later in enumerate(blocks):
        for b, earlier in enumerate(blocks[:a]):
            if later.first <= earlier.last and earlier.first <= later.last:
                result[a].append(_neighbour(a, b, allowed))
                result[b].append(_neighbour(b, a, allowed))
    return result


def _neighbour(block: int, other: int, allowed: Mapping[tuple[int, int], Lead]) -> Neighbour:
    if lead := allowed.get((block, other)):
        return Neighbour(other, lead, above=True)
    return Neighbour(other, allowed.get((other, block)))


def _least_bytes(
    time: int,
    blocks: Sequence[Block],
    neighbours: Mapping[int, Sequence[Neighbour]],
) -> int:
    """No plan needs less while node `time` runs: its best overlap, all else apart."""
    alive = [b for b, block in enumerate(blocks) if block.first <= time <= block.last]
    total = sum(aligned(blocks[b].size) for b in alive)
    saved = max(
        (
            aligned(blocks[b].size)
            + aligned(blocks[n.block].size)
            - max(aligned(n.lead.least + blocks[b].size), aligned(blocks[n.block].size))
            for b in alive
            if blocks[b].last == time
            for n in neighbours[b]
            if n.above and n.lead is not None and blocks[n.block].first == time
        ),
        default=0,
    )
    return total - max(saved, 0)
