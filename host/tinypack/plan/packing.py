"""Places blocks in memory so that the top is low: contemporaries stays apart or keeps a Lead.

First fit in a given order, and a search over orders that is seeded, so equal graphs get equal
plans. Graphs of a dozen layers mostly reach their bound with the first orders tried.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .overlap import ALIGNMENT, Lead

# Orders tried before the search gives up on the bound; one costs about a millisecond.
ORDERS = 1500


@dataclass(frozen=True)
class Neighbour:
    """Another block alive at the same time. They may share memory when the one that owns this
    record keeps a lead `above` the other, or the other that of `below`."""

    block: int
    above: Lead | None = None
    below: Lead | None = None


def first_fit(
    order: Iterable[int],
    sizes: Sequence[int],
    neighbours: Mapping[int, Sequence[Neighbour]],
    limit: float = float("inf"),
) -> tuple[list[int], int] | None:
    """Offsets and their top, each block as low as earlier ones allow; None if at `limit`."""
    offsets = [-1] * len(sizes)
    top = 0
    for block in order:
        placed = [n for n in neighbours[block] if offsets[n.block] >= 0]
        offset = _lowest(sizes[block], placed, offsets, sizes)
        offsets[block] = offset
        top = max(top, offset + sizes[block])
        if top >= limit:
            return None
    return offsets, top


def _lowest(
    size: int, placed: Sequence[Neighbour], offsets: Sequence[int], sizes: Sequence[int]
) -> int:
    floors = {0}
    for n in placed:
        floors.add(-(-(offsets[n.block] + sizes[n.block]) // ALIGNMENT) * ALIGNMENT)
    candidates = set(floors)
    for n in placed:
        base = offsets[n.block]
        if n.above is not None:
            nearest = max(base + n.above.least, 0)
            for floor in (*floors, nearest):
                start = max(floor, nearest)
                candidates.add(start + (base - start) % n.above.step)
        if n.below is not None:
            for floor in (*floors, base):
                candidates.add(floor + (base - floor) % n.below.step)
    for offset in sorted(candidates):
        if all(_compatible(offset, size, n, offsets[n.block], sizes[n.block]) for n in placed):
            return offset
    raise AssertionError("the highest floor is free")


def _compatible(offset: int, size: int, n: Neighbour, other: int, other_size: int) -> bool:
    if offset + size <= other or other + other_size <= offset:
        return True
    return _keeps(n.above, offset - other) or _keeps(n.below, other - offset)


def _keeps(lead: Lead | None, distance: int) -> bool:
    return lead is not None and distance >= lead.least and distance % lead.step == 0


def pack(
    sizes: Sequence[int],
    neighbours: Mapping[int, Sequence[Neighbour]],
    starts: Iterable[Sequence[int]],
    bound: int,
    tries: int = ORDERS,
) -> tuple[list[int], int]:
    """The best offsets found from the `starts` on, and their top; stops when it meets `bound`."""
    best_order: Sequence[int] = range(len(sizes))
    found = first_fit(best_order, sizes, neighbours)
    assert found is not None
    best, top = found
    for order in starts:
        if top <= bound:
            return best, top
        found = first_fit(order, sizes, neighbours, top)
        if found is not None:
            best_order, (best, top) = order, found
    rng = random.Random(0)
    for _ in range(tries if len(sizes) > 1 else 0):
        if top <= bound:
            break
        order = _moved(best_order, rng)
        # An equal top is accepted too: plateaus are wide, and walking them finds the way down.
        found = first_fit(order, sizes, neighbours, top + 1)
        if found is not None:
            best_order, (best, top) = order, found
    return best, top


def _moved(order: Sequence[int], rng: random.Random) -> list[int]:
    """One or two blocks taken out and put in elsewhere."""
    moved = list(order)
    for _ in range(rng.choice((1, 1, 2))):
        block = moved.pop(rng.randrange(len(moved)))
        moved.insert(rng.randrange(len(moved) + 1), block)
    return moved
