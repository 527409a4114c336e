"""Which node runs when: of all orders a graph allows, one that keeps few bytes alive at a time.

A state of the search is the set of nodes that have run, as bits of an integer: what is alive then
does not depend on the order they ran in.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..model_file import ModelSpec
from ..optable import OPS
from .lifetime import aligned, lifetimes, scratch_by_family, tensor_bytes
from .overlap import leads

# States the exact search may look at, and those it keeps per step when that was not enough.
STATES = 12000
WIDTH = 24


def reordered(model: ModelSpec) -> ModelSpec:
    """The model with its nodes in an order of a lower bound, itself if there is none."""
    bound = max(lifetimes(model).live, default=0)
    graph = _Graph.of(model)
    # Enough states for every set of nodes: then what the search finds is the least there is.
    order = _best_first(graph, bound)
    if order is None:
        order = _beam(graph, bound)
    if not order:
        return model
    other = replace(model, nodes=tuple(model.nodes[n] for n in order))
    return other if max(lifetimes(other).live) < bound else model


@dataclass(frozen=True)
class _Graph:
    """By node: `needs` (bits of nodes), blocks it `reads` and `makes`, its scratch, and what an
    overlap with a block that it reads last saves. By block: its size and the bits of its readers,
    0 if it is kept to the end."""

    needs: list[int]
    reads: list[list[int]]
    makes: list[list[int]]
    scratch: list[int]
    saved: list[dict[int, int]]
    sizes: dict[int, int]
    readers: dict[int, int]
    begin: int

    @classmethod
    def of(cls, model: ModelSpec) -> "_Graph":
        owner = _owners(model)
        sizes: dict[int, int] = defaultdict(int)
        for i, block in owner.items():
            sizes[block] = max(sizes[block], aligned(tensor_bytes(model.tensors[i])))
        readers: dict[int, int] = defaultdict(int)
        for n, node in enumerate(model.nodes):
            for i in node.inputs:
                if i in owner:
                    readers[owner[i]] |= 1 << n
        begin = sum(sizes[b] for b in {owner[i] for i in model.inputs} if readers[b])
        # What no node reads, an output too, is kept: only the node that makes it knows of it.
        for i in model.outputs:
            if i in owner:
                readers[owner[i]] = 0
        made = {i: n for n, node in enumerate(model.nodes) for i in node.outputs}
        reads, makes, saved = [], [], []
        needs = _state_order(model)
        for n, node in enumerate(model.nodes):
            outputs = {owner[i] for i in node.outputs if i in owner}
            inputs = {owner[i] for i in node.inputs if i in owner}
            for i in node.inputs:
                if i in made:
                    needs[n] |= 1 << made[i]
            reads.append(sorted(inputs))
            makes.append(sorted(outputs - inputs))
            saved.append(_savings(model, n, owner, sizes))
        scratch = [aligned(max(scratch_by_family(model, n).values())) for n in model.nodes]
        return cls(needs, reads, makes, scratch, saved, sizes, readers, begin)

    def steps(self, done: int, live: int) -> Iterator[tuple[int, int, int]]:
        """(node, bytes while it runs, bytes behind it) of the nodes that can run next."""
        for n, needs in enumerate(self.needs):
            if done >> n & 1 or needs & ~done:
                continue
            after = done | 1 << n
            during = live + sum(self.sizes[b] for b in self.makes[n])
            freed = best = 0
            for b in self.reads[n]:
                if (readers := self.readers[b]) and not readers & ~after:
                    freed += self.sizes[b]
                    best = max(best, self.saved[n].get(b, 0))
            yield n, during + self.scratch[n] - best, during - freed


def _owners(model: ModelSpec) -> dict[int, int]:
    """Tensors of the arena; a reshape's output is its input."""
    owner = {i: i for i, t in enumerate(model.tensors) if t.data is None and not t.state}
    for node in model.nodes:
        if node.op == "reshape" and node.inputs[0] in owner:
            owner[node.outputs[0]] = owner[node.inputs[0]]
    return owner


def _state_order(model: ModelSpec) -> list[int]:
    """Nodes that use one state keep their order: it differs before and behind each of them."""
    needs = [0] * len(model.nodes)
    last: dict[int, int] = {}
    for n, node in enumerate(model.nodes):
        for i in (*node.inputs, *node.outputs):
            if model.tensors[i].state:
                if i in last and last[i] != n:
                    needs[n] |= 1 << last[i]
                last[i] = n
    return needs


def _savings(
    model: ModelSpec, n: int, owner: dict[int, int], sizes: dict[int, int]
) -> dict[int, int]:
    """By block that may share memory with the output: the bytes that saves."""
    node = model.nodes[n]
    y = node.outputs[0]
    if y not in owner:
        return {}
    attrs = {attr.name: attr.default for attr in OPS[node.op].attrs} | dict(node.attrs)
    inputs = [model.tensors[i] for i in node.inputs]
    result: dict[int, int] = {}
    for position, lead in leads(node.op, attrs, inputs, model.tensors[y]).items():
        b, out = owner[node.inputs[position]], owner[y]
        size = tensor_bytes(inputs[position])
        if b != out and sizes[b] == aligned(size):
            both = max(aligned(lead.least + size), sizes[out])
            result[b] = max(result.get(b, 0), sizes[b] + sizes[out] - both)
    return result


def _run_free(graph: _Graph, done: int, live: int, peak: int, order: list[int]) -> tuple[int, int]:
    """Runs what costs nothing now and therefore never will: no order gains by waiting."""
    found = True
    while found:
        found = False
        for n, during, after in graph.steps(done, live):
            if during <= peak and after <= live:
                done, live = done | 1 << n, after
                order.append(n)
                found = True
                break
    return done, live


def _best_first(graph: _Graph, bound: int) -> list[int] | None:
    """The order of the least peak below `bound`; empty if none is, None if it is too much work."""
    full = (1 << len(graph.needs)) - 1
    order: list[int] = []
    done, live = _run_free(graph, 0, graph.begin, graph.begin, order)
    # Of equal peaks those that have come far first, then in the order they were found.
    heap = [(graph.begin, -len(order), 0, done, live, tuple(order))]
    seen: dict[int, int] = {}
    count = 0
    while heap:
        peak, _, _, done, live, path = heapq.heappop(heap)
        if done == full:
            return list(path)
        if done in seen:
            continue
        seen[done] = peak
        for n, during, after in graph.steps(done, live):
            if (worse := max(peak, during)) >= bound:
                continue
            count += 1
            if count > STATES:
                return None
            more = [*path, n]
            then, left = _run_free(graph, done | 1 << n, after, worse, more)
            if then not in seen:
                heapq.heappush(heap, (worse, -len(more), count, then, left, tuple(more)))
    return []


def _beam(graph: _Graph, bound: int) -> list[int]:
    """As _best_first, but only the best few states of each length are followed."""
    full = (1 << len(graph.needs)) - 1
    states: dict[int, tuple[int, int, tuple[int, ...]]] = {0: (graph.begin, graph.begin, ())}
    best: list[int] = []
    while states:
        following: dict[int, tuple[int, int, tuple[int, ...]]] = {}
        for done, (peak, live, path) in states.items():
            for n, during, after in graph.steps(done, live):
                if (worse := max(peak, during)) >= bound:
                    continue
                more = [*path, n]
                then, left = _run_free(graph, done | 1 << n, after, worse, more)
                if then == full:
                    best, bound = more, worse
                elif then not in following or following[then][:2] > (worse, left):
                    following[then] = (worse, left, tuple(more))
        kept = sorted(following.items(), key=lambda item: (item[1], item[0]))[:WIDTH]
        states = dict(kept)
    return best
