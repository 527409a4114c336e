"""Tensors inside of others: what a concat joins is made in place, a slice is part of its input.

That holds along the outermost axis, where parts lie one behind the other. Such nodes then have
nothing to do and leave the model; TensorSpec.inside tells the plan where their tensors lie.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from math import prod

from ..model_file import ModelSpec, NodeSpec, TensorSpec
from ..model_file.spec import BITS
from .overlap import ALIGNMENT


def without_copies(model: ModelSpec) -> ModelSpec:
    """The model without nodes that only put a tensor where it could have been all along."""
    groups = _Groups(model)
    left = []
    for node in model.nodes:
        links = _links(model, node)
        linked = links is not None and groups.link(links, made_by_copy=node.outputs[0])
        if not linked or node.op == "reshape":
            left.append(node)
    if not left or len(left) == len(model.nodes):
        return model
    tensors = list(model.tensors)
    for i, inside in groups.places().items():
        tensors[i] = replace(tensors[i], inside=inside)
    return replace(model, tensors=tuple(tensors), nodes=tuple(left))


# (a, b, bytes): tensor a begins so many bytes behind the start of tensor b.
_Link = tuple[int, int, int]


def _links(model: ModelSpec, node: NodeSpec) -> list[_Link] | None:
    """Where a node's tensors would have to lie for it to have nothing to do."""
    y = node.outputs[0]
    if any(model.tensors[i].data is not None for i in node.inputs):
        return None
    if node.op == "reshape":
        return [(y, node.inputs[0], 0)]
    if node.op == "concat":
        if prod(_raised(model.tensors[y])[: node.attrs["axis"]]) != 1:
            return None
        links, at = [], 0
        for x in node.inputs:
            links.append((x, y, at))
            at += _bytes(model.tensors[x])
        return links
    if node.op == "slice" and (begin := _begin(model, node)) is not None:
        return [(y, node.inputs[0], begin)]
    return None


def _begin(model: ModelSpec, node: NodeSpec) -> int | None:
    """In bytes, if a slice takes elements that lie one behind the other."""
    tensor = model.tensors[node.inputs[0]]
    x, y = _raised(tensor), _raised(model.tensors[node.outputs[0]])
    begin, outer = 0, True
    for axis in range(len(x)):
        if y[axis] > 1 and node.attrs[f"step_{axis}"] != 1:
            return None
        if not outer and y[axis] != x[axis]:
            return None
        # One index of all that came so far: the next axis is the outermost.
        outer = outer and y[axis] == 1
        begin = begin * x[axis] + node.attrs[f"begin_{axis}"]
    return begin * BITS[tensor.dtype] // 8


def _raised(tensor: TensorSpec) -> tuple[int, ...]:
    """The shape as slice and concat see it."""
    return (1,) * (6 - len(tensor.shape)) + tensor.shape


def _bytes(tensor: TensorSpec) -> int:
    return prod(tensor.shape) * BITS[tensor.dtype] // 8


class _Groups:
    """Tensors of one block of memory, each at its offset."""

    def __init__(self, model: ModelSpec) -> None:
        self.tensors = model.tensors
        self.offsets: list[dict[int, int]] = []
        self.group_of: dict[int, int] = {}
        self.copies: set[int] = set()  # made of other tensors of their group
        for i, tensor in enumerate(model.tensors):
            if tensor.data is None:
                self.group_of[i] = len(self.offsets)
                self.offsets.append({i: 0})

    def link(self, links: Iterable[_Link], made_by_copy: int) -> bool:
        """All of the links, or none if two tensors would need the same bytes."""
        before = [group.copy() for group in self.offsets], self.group_of.copy()
        self.copies.add(made_by_copy)
        if all(self._link(*link) for link in links):
            return True
        self.copies.remove(made_by_copy)
        self.offsets, self.group_of = before
        return False

    def _link(self, a: int, b: int, distance: int) -> bool:
        if distance % ALIGNMENT:
            return False
        source, target = self.group_of[a], self.group_of[b]
        shift = self.offsets[target][b] + distance - self.offsets[source][a]
        if source == target:
            return shift == 0
        for i, offset in self.offsets[source].items():
            self.offsets[target][i] = offset + shift
            self.group_of[i] = target
        self.offsets[source] = {}
        return self._apart(self.offsets[target])

    def _apart(self, offsets: dict[int, int]) -> bool:
        """Whether no two nodes of the model would write to the same bytes."""
        spans = sorted(
            (offset, offset + _bytes(self.tensors[i]))
            for i, offset in offsets.items()
            if i not in self.copies
        )
        return all(first[1] <= second[0] for first, second in pairwise(spans))

    def places(self) -> dict[int, tuple[int, int]]:
        """(tensor, bytes): for each that lies inside of another, which, and how far in.

        The others lie inside of the longest of those that stand first.
        """
        result: dict[int, tuple[int, int]] = {}
        for offsets in self.offsets:
            if len(offsets) > 1:
                start = min(offsets.values())
                first = [i for i, offset in offsets.items() if offset == start]
                owner = max(first, key=lambda i: (_bytes(self.tensors[i]), -i))
                result |= {
                    i: (owner, offset - start) for i, offset in offsets.items() if i != owner
                }
        return result
