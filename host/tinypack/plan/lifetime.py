"""Which bytes live when: tensors and scratch as blocks, and how close two may come."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

from ..model_file import ModelSpec, NodeSpec, TensorSpec
from ..model_file.spec import BITS
from ..optable import FAMILIES, OPS, evaluate, nhwc
from .extent import Extent, extent
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
    members: dict[int, list[int]] = defaultdict(list)
    for i, b in block_of.items():
        members[b].append(i)
    extents = _extents(model, members, place, blocks)
    blocks = [
        replace(block, first=extent.first, last=extent.last)
        for block, extent in zip(blocks, extents, strict=True)
    ]
    overlaps = _overlaps(model, block_of, place, blocks)
    neighbours = _neighbours(extents, overlaps)
    live = _live(extents, overlaps, len(model.nodes))
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


def _extents(
    model: ModelSpec,
    members: Mapping[int, Sequence[int]],
    place: Mapping[int, int],
    blocks: Sequence[Block],
) -> list[Extent]:
    """Of each block; one with tensors at several places, or shorter ones, lives in parts."""
    result, times = [], len(model.nodes)
    for b, block in enumerate(blocks):
        spans = {
            i: (place[i], place[i] + tensor_bytes(model.tensors[i])) for i in members.get(b, ())
        }
        parts = len(set(spans.values())) > 1
        result.append(
            extent(model, spans, block.size)
            if parts
            else Extent.whole(aligned(block.size), block.first, block.last, times)
        )
    return result


@dataclass(frozen=True)
class _Overlap:
    """Node `time` may write block `output` over block `input`, which it reads last; `saved`: bytes
    that this saves at best."""

    time: int
    input: int
    output: int
    lead: Lead
    saved: int


def _overlaps(
    model: ModelSpec,
    block_of: Mapping[int, int],
    place: Mapping[int, int],
    blocks: Sequence[Block],
) -> list[_Overlap]:
    result = []
    for time, node in enumerate(model.nodes):
        out = block_of[node.outputs[0]]
        inputs = [model.tensors[i] for i in node.inputs]
        attrs = {attr.name: attr.default for attr in OPS[node.op].attrs} | dict(node.attrs)
        y = model.tensors[node.outputs[0]]
        for position, lead in leads(node.op, attrs, inputs, y).items():
            block = block_of[node.inputs[position]]
            # Only the last reader may overwrite what it reads.
            if block == out or blocks[block].last != time:
                continue
            # A part of a block is not overwritten: the node may read other parts of it.
            whole = all(
                blocks[block].size == tensor_bytes(model.tensors[i])
                for i in node.inputs
                if block_of.get(i) == block
            )
            within = place[node.outputs[0]]
            if whole and within % lead.step == 0:
                x_bytes, y_bytes = aligned(blocks[block].size), aligned(tensor_bytes(y))
                saved = x_bytes + y_bytes - max(aligned(lead.least + blocks[block].size), y_bytes)
                lead = Lead(lead.least + within, lead.step)
                result.append(_Overlap(time, block, out, lead, saved))
    return result


def _neighbours(
    extents: Sequence[Extent], overlaps: Sequence[_Overlap]
) -> dict[int, list[Neighbour]]:
    allowed = {(o.input, o.output): o for o in overlaps}

    def lead(block: int, other: int) -> Lead | None:
        """How `block` may lie above `other` and share bytes with it."""
        apart = extents[block].distance(extents[other])
        assert apart is not None
        if overlap := allowed.get((block, other)):
            over = extents[block].over_output(extents[other], overlap.time, overlap.lead.least)
            if over < apart:
                return Lead(over, overlap.lead.step)
        return Lead(apart, ALIGNMENT) if apart < sizes[other] else None

    sizes = [int(extent.high.max()) for extent in extents]
    spans = [(extent.first, extent.last) for extent in extents]
    result: dict[int, list[Neighbour]] = {b: [] for b in range(len(extents))}
    for a in range(len(extents)):
        for b in range(a):
            if spans[a][0] > spans[b][1] or spans[b][0] > spans[a][1]:
                continue
            if extents[a].distance(extents[b]) is not None:
                above, below = lead(a, b), lead(b, a)
                result[a].append(Neighbour(b, above, below))
                result[b].append(Neighbour(a, below, above))
    return result


def _live(extents: Sequence[Extent], overlaps: Sequence[_Overlap], times: int) -> tuple[int, ...]:
    """No plan needs less while a node runs: its best overlap, all else apart."""
    total = sum((extent.count for extent in extents), start=np.zeros(times + 2, np.int64))
    for time in range(times):
        total[time + 1] -= max([0, *(o.saved for o in overlaps if o.time == time)])
    return tuple(int(size) for size in total[1 : times + 1])
