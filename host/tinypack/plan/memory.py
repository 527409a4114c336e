"""From a model without offsets to one with: lifetimes, shared memory, scratch per family."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace

from ..model_file import ModelSpec, NodeSpec, TensorSpec
from ..model_file.spec import BITS
from ..optable import FAMILIES, OPS, evaluate, nhwc
from .overlap import ALIGNMENT, Lead, leads
from .packing import Neighbour, pack


@dataclass(frozen=True)
class MemoryPlan:
    """`offsets` by tensor, `scratch` by node, -1 for none; `live`: least bytes of each node."""

    offsets: tuple[int, ...]
    scratch: tuple[int, ...]
    families: Mapping[str, int]
    live: tuple[int, ...]

    @property
    def arena_bytes(self) -> int:
        return max(self.families.values())

    @property
    def lower_bound(self) -> int:
        """No plan of this order of nodes can be smaller."""
        return max(self.live, default=0)


@dataclass(frozen=True)
class _Block:
    """Bytes that lie together: a tensor with its reshaped views, or a node's scratch."""

    size: int
    first: int
    last: int


def plan_memory(model: ModelSpec) -> MemoryPlan:
    scratch_bytes = [scratch_by_family(model, node) for node in model.nodes]
    block_of, blocks = _tensor_blocks(model)
    scratch_block: dict[int, int] = {}
    for time, by_family in enumerate(scratch_bytes):
        if size := max(by_family.values()):
            scratch_block[time] = len(blocks)
            blocks.append(_Block(size, time, time))
    neighbours = _neighbours(model, block_of, blocks)
    live = [_least_bytes(time, blocks, neighbours) for time in range(len(model.nodes))]
    sizes = [block.size for block in blocks]
    # A model without nodes still has its inputs.
    bound = max([*live, *sizes], default=0)
    placed, _ = pack(sizes, neighbours, _orders(blocks, live), bound)
    offsets = tuple(
        placed[block_of[i]] if i in block_of else -1 for i in range(len(model.tensors))
    )
    scratch = tuple(
        placed[scratch_block[time]] if time in scratch_block else -1
        for time in range(len(model.nodes))
    )
    tensors_top = max((placed[b] + sizes[b] for b in set(block_of.values())), default=0)
    families = {
        family: _aligned(
            max(
                [tensors_top]
                + [
                    scratch[time] + by_family[family]
                    for time, by_family in enumerate(scratch_bytes)
                    if by_family[family]
                ]
            )
        )
        for family in FAMILIES
    }
    return MemoryPlan(offsets, scratch, families, tuple(live))


def apply_plan(model: ModelSpec, plan: MemoryPlan) -> ModelSpec:
    """The model with the plan's offsets."""
    return replace(
        model,
        tensors=tuple(
            replace(tensor, offset=offset)
            for tensor, offset in zip(model.tensors, plan.offsets, strict=True)
        ),
        nodes=tuple(
            replace(node, scratch=scratch)
            for node, scratch in zip(model.nodes, plan.scratch, strict=True)
        ),
        arena_bytes=plan.arena_bytes,
        families=plan.families,
    )


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


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def _tensor_blocks(model: ModelSpec) -> tuple[dict[int, int], list[_Block]]:
    """Block of each arena tensor; a reshape's output and input are one."""
    arena = [i for i, tensor in enumerate(model.tensors) if tensor.data is None]
    owner = {i: i for i in arena}
    first = dict.fromkeys(arena, -1)
    last = dict.fromkeys(arena, -1)
    for time, node in enumerate(model.nodes):
        for i in node.outputs:
            first[i] = last[i] = time
        for i in node.inputs:
            if i in last:
                last[i] = time
        if node.op == "reshape" and node.inputs[0] in owner:
            owner[node.outputs[0]] = owner[node.inputs[0]]
    for i in model.outputs:
        last[i] = len(model.nodes)
    members: dict[int, list[int]] = defaultdict(list)
    for i in arena:
        members[owner[i]].append(i)
    block_of: dict[int, int] = {}
    blocks: list[_Block] = []
    for tensors in members.values():
        for i in tensors:
            block_of[i] = len(blocks)
        blocks.append(
            _Block(
                max(tensor_bytes(model.tensors[i]) for i in tensors),
                min(first[i] for i in tensors),
                max(last[i] for i in tensors),
            )
        )
    return block_of, blocks


def _neighbours(
    model: ModelSpec, block_of: Mapping[int, int], blocks: Sequence[_Block]
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
            if block != out and blocks[block].last == time and blocks[out].first == time:
                allowed[block, out] = lead
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
    blocks: Sequence[_Block],
    neighbours: Mapping[int, Sequence[Neighbour]],
) -> int:
    """No plan needs less while node `time` runs: its best overlap, all else apart."""
    alive = [b for b, block in enumerate(blocks) if block.first <= time <= block.last]
    total = sum(_aligned(blocks[b].size) for b in alive)
    saved = max(
        (
            _aligned(blocks[b].size)
            + _aligned(blocks[n.block].size)
            - max(_aligned(n.lead.least + blocks[b].size), _aligned(blocks[n.block].size))
            for b in alive
            if blocks[b].last == time
            for n in neighbours[b]
            if n.above and n.lead is not None and blocks[n.block].first == time
        ),
        default=0,
    )
    return total - max(saved, 0)


def _orders(blocks: Sequence[_Block], live: Sequence[int]) -> Iterator[list[int]]:
    """Orders that tend to be good: by time backwards (an input then finds the place above its
    output), by size, and the most crowded moments first."""
    indices = range(len(blocks))
    yield sorted(indices, key=lambda b: (-blocks[b].last, -blocks[b].first, -blocks[b].size))
    yield sorted(indices, key=lambda b: (-blocks[b].first, -blocks[b].size))
    yield sorted(indices, key=lambda b: (-blocks[b].size, blocks[b].first))
    yield sorted(indices, key=lambda b: (blocks[b].first, -blocks[b].size))
    crowd = [max(live[max(b.first, 0) : b.last + 1], default=0) for b in blocks]
    yield sorted(indices, key=lambda b: (-crowd[b], -blocks[b].last, -blocks[b].size))
    yield sorted(indices, key=lambda b: (-crowd[b], -blocks[b].size, -blocks[b].last))
