"""From a model without offsets to one with: what lives at one time keeps its distance."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..model_file import ModelSpec
from ..optable import FAMILIES
from .lifetime import Lifetimes, aligned, lifetimes, scratch_by_family, tensor_bytes
from .order import reordered
from .packing import ORDERS, pack
from .views import without_copies


@dataclass(frozen=True)
class MemoryPlan:
    """`offsets` by tensor, `scratch` by node, -1 for none; `live`: least bytes of each node;
    `state`: bytes in front of all else; `given_order_bytes`: the arena had the nodes kept theirs.
    """

    offsets: tuple[int, ...]
    scratch: tuple[int, ...]
    families: Mapping[str, int]
    live: tuple[int, ...]
    state: int = 0
    given_order_bytes: int | None = None

    @property
    def arena_bytes(self) -> int:
        return max(self.families.values())

    @property
    def lower_bound(self) -> int:
        """No plan of this order of nodes can be smaller."""
        return max(self.live, default=self.state)


def plan_memory(model: ModelSpec, tries: int = ORDERS) -> MemoryPlan:
    life = lifetimes(model)
    sizes = [block.size for block in life.blocks]
    # A model without nodes still has its inputs.
    bound = max([*life.live, *sizes], default=0)
    kept, state = _state(model)
    placed = [state + at for at in pack(sizes, life.neighbours, _orders(life), bound, tries)[0]]
    offsets = tuple(
        placed[life.block_of[i]] + life.place[i] if i in life.block_of else kept.get(i, -1)
        for i in range(len(model.tensors))
    )
    scratch = tuple(
        placed[life.scratch_of[i]] if i in life.scratch_of else -1 for i in range(len(model.nodes))
    )
    tensors_top = max((placed[b] + sizes[b] for b in life.block_of.values()), default=state)
    tops = dict.fromkeys(FAMILIES, tensors_top)
    for node, offset in zip(model.nodes, scratch, strict=True):
        for family, size in scratch_by_family(model, node).items():
            if size:
                tops[family] = max(tops[family], offset + size)
    families = {family: aligned(top) for family, top in tops.items()}
    live = tuple(state + size for size in life.live)
    return MemoryPlan(offsets, scratch, families, live, state)


def _state(model: ModelSpec) -> tuple[dict[int, int], int]:
    """Offsets of the tensors that are kept between runs, and their bytes."""
    offsets, end = {}, 0
    for i, tensor in enumerate(model.tensors):
        if tensor.state:
            offsets[i] = end
            end += aligned(tensor_bytes(tensor))
    return offsets, end


def least_plan(model: ModelSpec) -> tuple[ModelSpec, MemoryPlan]:
    """The model, perhaps in another order of nodes and without those that only copy, and its plan:
    whichever needs less memory.
    """
    given = _least_of_copies(model)
    other = reordered(model)
    if other is model:
        return given
    least = _least_of_copies(other)
    if least[1].arena_bytes >= given[1].arena_bytes:
        return given
    return least[0], replace(least[1], given_order_bytes=given[1].arena_bytes)


def _least_of_copies(model: ModelSpec) -> tuple[ModelSpec, MemoryPlan]:
    """Parts made in place keep their whole alive from the first of them on, which costs memory."""
    plan, shorter = plan_memory(model), without_copies(model)
    if shorter is model:
        return model, plan
    other = plan_memory(shorter)
    if other.arena_bytes <= plan.arena_bytes:
        return shorter, other
    return model, plan


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
        state_bytes=plan.state,
        families=plan.families,
    )


def _orders(life: Lifetimes) -> Iterator[list[int]]:
    """Orders that tend to be good: by time backwards (an input then finds the place above its
    output), by size, and the most crowded moments first."""
    blocks = life.blocks
    indices = range(len(blocks))
    yield sorted(indices, key=lambda b: (-blocks[b].last, -blocks[b].first, -blocks[b].size))
    yield sorted(indices, key=lambda b: (-blocks[b].first, -blocks[b].size))
    yield sorted(indices, key=lambda b: (-blocks[b].size, blocks[b].first))
    yield sorted(indices, key=lambda b: (blocks[b].first, -blocks[b].size))
    crowd = [max(life.live[max(b.first, 0) : b.last + 1], default=0) for b in blocks]
    yield sorted(indices, key=lambda b: (-crowd[b], -blocks[b].last, -blocks[b].size))
    yield sorted(indices, key=lambda b: (-crowd[b], -blocks[b].size, -blocks[b].last))
