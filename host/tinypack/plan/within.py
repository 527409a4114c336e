"""A plan below a limit: where the plain one is too large, the nodes of its peak run in bands."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..model_file import ModelSpec
from ..optable import OPS, evaluate
from .bands import Banded, Region, banded, region
from .lifetime import formula_names, lifetimes
from .memory import MemoryPlan, least_plan, plan_memory
from .order import reordered
from .views import without_copies

LENGTH = 10  # most nodes of a region
COUNTS = (2, 3, 4, 6, 8, 12, 16, 24, 32)
REGIONS = 3
# Regions that are tried with the counts between as well.
REFINED = 3
# Candidates that get a plan and orders tried for each: the bound tells most apart.
PLANNED, ORDERS = 12, 40


@dataclass(frozen=True)
class Fitted:
    """`origin` is Banded's; `extra_macs` are what the bands compute twice."""

    model: ModelSpec
    plan: MemoryPlan
    origin: Mapping[tuple[int, ...], tuple[int, ...]]
    extra_macs: int = 0


def plan_within(model: ModelSpec, limit: int | None) -> Fitted:
    """The plain plan if that fits, else the one of fewest multiplications found that does; if none
    does, the smallest found."""
    plain, plan = least_plan(model)
    whole = {node.outputs: node.outputs for node in model.nodes}
    best = Fitted(plain, plan, whole)
    if limit is None or plan.arena_bytes <= limit:
        return best
    base = model if plan.given_order_bytes is None else reordered(model)
    split = Banded(base, whole)
    for _ in range(REGIONS):
        found = _best(split, limit)
        if found is None or found[1].arena_bytes >= best.plan.arena_bytes:
            break
        split = found[0]
        shorter = without_copies(split.model)
        plan = min(found[1], plan_memory(shorter), key=lambda plan: plan.arena_bytes)
        best = Fitted(shorter, plan, split.origin, macs(split.model) - macs(base))
        if plan.arena_bytes <= limit:
            break
    return best


def macs(model: ModelSpec) -> int:
    return sum(evaluate(OPS[node.op].macs, formula_names(model, node)) for node in model.nodes)


def _best(split: Banded, limit: int) -> tuple[Banded, MemoryPlan] | None:
    """One more region in bands."""
    model = split.model

    def ranked(choices: Iterable[tuple[Region, int]]) -> list[_Ranked]:
        found = (_Ranked.of(model, where, count, limit) for where, count in choices)
        return sorted(filter(None, found), key=lambda one: (one.bound, one.macs))

    regions = _regions(model)
    rough = ranked((where, count) for where in regions for count in COUNTS)
    likely = list(dict.fromkeys(one.where for one in rough))[:REFINED]
    between = set(range(2, max(COUNTS))) - set(COUNTS)
    fine = ranked((where, count) for where in likely for count in sorted(between))
    best = None
    for one in sorted([*rough, *fine], key=lambda one: (one.bound, one.macs))[:PLANNED]:
        plan = plan_memory(without_copies(one.banded.model), ORDERS)
        if best is None or plan.arena_bytes < best[1].arena_bytes:
            origin = {
                new: split.origin[old]
                for new, old in one.banded.origin.items()
                if old in split.origin
            }
            best = replace(one.banded, origin=origin), plan
        if plan.arena_bytes <= limit:
            break
    return best


@dataclass(frozen=True)
class _Ranked:
    """A region in so many bands. `bound`: what its arena has at least, of those that matter."""

    where: Region
    banded: Banded
    bound: int
    macs: int

    @classmethod
    def of(cls, model: ModelSpec, where: Region, count: int, limit: int) -> "_Ranked | None":
        if count > model.tensors[where.output].shape[1]:
            return None
        if (found := banded(model, where, count)) is None:
            return None
        bound = max(lifetimes(without_copies(found.model)).live)
        return cls(where, found, max(bound, limit), macs(found.model))


def _regions(model: ModelSpec) -> list[Region]:
    """Those around the peak."""
    shorter = without_copies(model)
    live = lifetimes(shorter).live
    peak = shorter.nodes[live.index(max(live))].outputs
    at = [node.outputs for node in model.nodes].index(peak)
    found = (
        region(model, first, last)
        for first in range(max(at - LENGTH, 0), at + 1)
        for last in range(at, min(first + LENGTH, len(model.nodes)))
    )
    return [where for where in found if where]
