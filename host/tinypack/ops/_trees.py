"""Decision trees as ONNX writes them down, in preorder as the model file holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import PackError
from ..ir import FloatArray, Node

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# By mode: whether equal values go with the greater ones, and whether those are the true ones.
_MODES = {
    "BRANCH_LEQ": (False, False),
    "BRANCH_LT": (True, False),
    "BRANCH_GT": (False, True),
    "BRANCH_GTE": (True, True),
}
# From a node to its right child, in 16 bits.
_LONGEST = (1 << 15) - 1


@dataclass(frozen=True)
class Trees:
    """Nodes of all trees: an inner one has its left child behind it, the right one `right` nodes
    further; of a leaf `feature` is -1 and `right` the row of `leaves`.

    x > threshold goes right; where `strict`, x >= threshold. `roots` are (root, output): a tree
    adds its leaf to as many outputs as a leaf has numbers, from that one on.
    """

    feature: Ints
    threshold: FloatArray
    strict: NDArray[np.bool_]
    right: Ints
    roots: Ints
    leaves: Floats
    base: Floats

    def __repr__(self) -> str:
        return f"<{len(self.roots)} trees, {len(self.feature)} nodes, {len(self.leaves)} leaves>"

    def leaf_sums(self, x: FloatArray) -> Floats:
        """Outputs [rows, outputs] for rows of x."""
        sums = np.tile(self.base, (len(x), 1))
        for root, first in self.roots:
            at = np.full(len(x), root)
            inner = np.flatnonzero(self.feature[at] >= 0)
            while len(inner):
                node = at[inner]
                value, threshold = x[inner, self.feature[node]], self.threshold[node]
                right = np.where(self.strict[node], value >= threshold, value > threshold)
                at[inner] += np.where(right, self.right[node], 1)
                inner = inner[self.feature[at[inner]] >= 0]
            sums[:, first : first + self.leaves.shape[1]] += self.leaves[self.right[at]]
        return sums

    def scaled(self, mean: Floats, std: Floats) -> "Trees":
        """For (x - mean) / std."""
        inner = self.feature >= 0
        feature = self.feature[inner]
        threshold = self.threshold.copy()
        threshold[inner] = (threshold[inner].astype(np.float64) - mean[feature]) / std[feature]
        return replace(self, threshold=threshold)

    def ranges(self, features: int) -> tuple[Floats, Floats]:
        """Least and greatest threshold of each feature; 0 without any."""
        low, high = np.full(features, np.inf), np.full(features, -np.inf)
        inner = self.feature >= 0
        np.minimum.at(low, self.feature[inner], self.threshold[inner])
        np.maximum.at(high, self.feature[inner], self.threshold[inner])
        seen = np.isfinite(low)
        return np.where(seen, low, 0.0), np.where(seen, high, 0.0)

    def bound(self) -> float:
        """What no output exceeds, whichever leaves are reached."""
        sums = np.abs(self.base)
        for start, first in self.roots:
            sums[first : first + self.leaves.shape[1]] += self._largest(start)
        return float(sums.max(initial=0.0))

    def _largest(self, root: int) -> Floats:
        """Of the leaves of one tree, which ends where the next begins."""
        end = min((r for r in self.roots[:, 0] if r > root), default=len(self.feature))
        rows = self.right[root:end][self.feature[root:end] < 0]
        largest: Floats = np.abs(self.leaves[rows]).max(0)
        return largest


def of_steps(name: str, bound: float, features: int) -> Trees:
    """A tree of one threshold for each feature, that gives 1 where the comparison holds."""
    least, most = (1.0, 0.0) if name.startswith("less") else (0.0, 1.0)
    count = np.arange(features)
    return Trees(
        feature=np.stack([count, 0 * count - 1, 0 * count - 1], 1).reshape(-1),
        threshold=np.tile(np.array([bound, 0, 0], np.float32), features),
        strict=np.full(3 * features, name in ("greater_equal", "less")),
        right=np.tile([2, 0, 1], features),
        roots=np.stack([3 * count, count], 1),
        leaves=np.array([[least], [most]]),
        base=np.zeros(features),
    )


def of_classifier(node: Node, features: int) -> tuple[Trees, str]:
    """And the post transform that is left to do."""
    attrs = node.attrs
    classes = len(_numbers(attrs, "classlabels_int64s") or attrs.get("classlabels_strings", ()))
    trees = _read(node, "class", classes, features)
    post = attrs.get("post_transform", "NONE")
    ids = set(_numbers(attrs, "class_ids"))
    if classes != 2 or len(ids) != 1:
        return trees, post
    # One number for two classes: the share of the second one, or its distance from a border.
    if trees.leaves.min() >= 0:
        return _both(trees, ids.pop(), (1.0, 0.0), 1.0), "NONE"
    if post == "LOGISTIC":
        return _both(trees, ids.pop(), (0.0, 0.0), 0.5), "SOFTMAX"
    return _both(trees, ids.pop(), (0.0, 0.0), 1.0), post


def _both(trees: Trees, index: int, offset: tuple[float, float], factor: float) -> Trees:
    column = trees.leaves[:, index if trees.leaves.shape[1] > 1 else 0] * factor
    base = trees.base[index if trees.base[index] else int(np.abs(trees.base).argmax())] * factor
    roots = trees.roots * np.array([1, 0])
    leaves = np.stack([-column, column], axis=1)
    return replace(trees, leaves=leaves, roots=roots, base=np.array([-base, base]) + offset)


def of_regressor(node: Node, features: int) -> tuple[Trees, str]:
    trees = _read(node, "target", int(node.attrs.get("n_targets", 1)), features)
    aggregate = node.attrs.get("aggregate_function", "SUM")
    if aggregate == "AVERAGE":
        trees = replace(trees, leaves=trees.leaves / len(trees.roots))
    elif aggregate != "SUM":
        raise _refused(node, f"takes the {aggregate} of its trees; only sums are supported")
    return trees, node.attrs.get("post_transform", "NONE")


def _refused(node: Node, reason: str) -> PackError:
    return PackError(f"node {node.name!r}: {node.op} {reason}; train another kind of tree")


def _numbers(attrs: Mapping[str, Any], key: str) -> list[Any]:
    """A list, or the tensor that stands for one."""
    given = attrs.get(key, ())
    if len(given) == 0:
        given = attrs.get(f"{key}_as_tensor", ())
    return list(np.asarray(given).reshape(-1).tolist())


def _read(node: Node, what: str, outputs: int, features: int) -> Trees:
    attrs = node.attrs
    columns = [
        _numbers(attrs, f"nodes_{key}")
        for key in ("featureids", "values", "truenodeids", "falsenodeids")
    ]
    modes: Sequence[str] = attrs.get("nodes_modes", ())
    keys = list(
        zip(_numbers(attrs, "nodes_treeids"), _numbers(attrs, "nodes_nodeids"), strict=True)
    )
    if not keys or {len(modes), *map(len, columns)} != {len(keys)}:
        raise PackError(f"node {node.name!r}: its lists have different lengths; export it anew")
    place = {key: i for i, key in enumerate(keys)}
    weights, width, first = _leaf_rows(node, what, outputs, place)
    rows = _Rows()
    roots = []
    starts: dict[int, int] = {}
    for i, (tree, _) in enumerate(keys):
        starts.setdefault(tree, i)
    used: list[int] = []
    for tree, start in starts.items():
        roots.append((len(rows.feature), first.get(tree, 0)))
        stack: list[tuple[int, int]] = [(start, -1)]
        while stack:
            i, parent = stack.pop()
            here = len(rows.feature)
            if here >= len(keys):
                raise PackError(f"node {node.name!r}: its trees have loops; export it anew")
            if parent >= 0:
                rows.right[parent] = here - parent
                if here - parent > _LONGEST:
                    raise _refused(node, f"has more than {_LONGEST} nodes in half a tree")
            if modes[i] == "LEAF":
                rows.add(-1, 0.0, False, len(used))
                used.append(i)
                continue
            if modes[i] not in _MODES:
                raise _refused(node, f"compares with {modes[i]}, which is not supported")
            strict, true_is_right = _MODES[modes[i]]
            feature, value, true, false = (column[i] for column in columns)
            if not 0 <= feature < features:
                raise PackError(f"node {node.name!r}: reads feature {feature} of {features}")
            try:
                left, right = place[tree, false], place[tree, true]
            except KeyError:
                raise PackError(f"node {node.name!r}: lacks a child; export it anew") from None
            if not true_is_right:
                left, right = right, left
            rows.add(feature, value, strict, 0)
            stack += [(right, here), (left, -1)]
    table = weights[used] if used else np.zeros((1, width))
    leaves, inverse = np.unique(table, axis=0, return_inverse=True)
    feature = np.array(rows.feature, np.int64)
    further = np.array(rows.right, np.int64)
    further[feature < 0] = inverse.reshape(-1)
    base = np.zeros(outputs)
    given = _numbers(attrs, "base_values")
    if len(given) not in (0, 1, outputs):
        raise PackError(f"node {node.name!r}: has {len(given)} base values for {outputs} outputs")
    base[-1 if len(given) == 1 else slice(None)] += given[0] if len(given) == 1 else given or 0.0
    threshold = np.array(rows.threshold, np.float32)
    equal = np.array(rows.strict, np.bool_)
    return Trees(feature, threshold, equal, further, np.array(roots), leaves, base)


class _Rows:
    """Columns of Trees while they grow."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.strict: list[bool] = []
        self.right: list[int] = []

    def add(self, feature: int, threshold: float, strict: bool, right: int) -> None:
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.strict.append(strict)
        self.right.append(right)


def _leaf_rows(
    node: Node, what: str, outputs: int, place: Mapping[tuple[int, int], int]
) -> tuple[Floats, int, dict[int, int]]:
    """A row of numbers per node, how many, and the output that a tree's rows begin with."""
    attrs = node.attrs
    entries = list(
        zip(
            *(
                _numbers(attrs, f"{what}_{key}")
                for key in ("treeids", "nodeids", "ids", "weights")
            ),
            strict=True,
        )
    )
    if any((t, n) not in place or not 0 <= o < outputs for t, n, o, _ in entries):
        raise PackError(f"node {node.name!r}: has leaves of no tree; export it anew")
    of_tree: dict[int, set[int]] = {}
    for tree, _, output, _ in entries:
        of_tree.setdefault(tree, set()).add(output)
    # Boosted trees vote for one class each.
    alone = all(len(some) == 1 for some in of_tree.values())
    first = {tree: min(some) if alone else 0 for tree, some in of_tree.items()}
    width = 1 if alone else outputs
    rows = np.zeros((len(place), width))
    for tree, leaf, output, weight in entries:
        rows[place[tree, leaf], output - first[tree]] += weight
    return rows, width, first
