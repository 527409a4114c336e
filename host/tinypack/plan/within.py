"""A plan below a limit: where the plain one is too large, the nodes of its peak run in bands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..model_file import ModelSpec
from ..optable import OPS, evaluate
from .bands import Banded, banded, region
from .lifetime import formula_names, lifetimes
from .memory import MemoryPlan, least_plan, plan_memory
from .order import reordered
from .views import without_copies

LENGTH = 10  # most nodes of a region
COUNTS = (2, 3, 4, 6, 8, 12, 16, 24, 32)
REGIONS = 3
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
    ranked: list[tuple[int, int, int, Banded]] = []
    for candidate in _candidates(split.model):
        bound = max(lifetimes(without_copies(candidate.model)).live)
        ranked.append((max(bound, limit), macs(candidate.model), len(ranked), candidate))
    ranked.sort(key=lambda entry: entry[:3])
    best = None
    for *_, candidate in ranked[:PLANNED]:
        plan = plan_memory(without_copies(candidate.model), ORDERS)
        if best is None or plan.arena_bytes < best[1].arena_bytes:
            origin = {
                new: split.origin[old]
                for new, old in candidate.origin.items()
                if old in split.origin
            }
            best = replace(candidate, origin=origin), plan
        if plan.arena_bytes <= limit:
            break
    return best


def _candidates(model: ModelSpec) -> Iterator[Banded]:
    """Every region around the peak, in bands."""
    shorter = without_copies(model)
    live = lifetimes(shorter).live
    peak = shorter.nodes[live.index(max(live))].outputs
    at = [node.outputs for node in model.nodes].index(peak)
    for first in range(max(at - LENGTH, 0), at + 1):
        for last in range(at, min(first + LENGTH, len(model.nodes))):
            if (where := region(model, first, last)) is None:
                continue
            height = model.tensors[where.output].shape[1]
            for count in COUNTS:
                if count <= height and (candidate := banded(model, where, count)):
                    yield candidate
