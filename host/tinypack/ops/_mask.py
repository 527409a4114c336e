"""Masks of attention: what an add of minus infinity, or as good as that, keeps from a softmax."""

import numpy as np
from numpy.typing import NDArray

from ..ir import Node, Value

# Scores do not come near it; exporters write -10000, -1e9 or the least float for infinity.
_AWAY = -1e4
_MOVEMENTS = ("reshape", "transpose")


def masked(node: Node) -> NDArray[np.bool_] | None:
    """Which elements of its constant take a score away; None if the node is no mask."""
    if node.op != "add" or node.attrs.get("subtract") or not node.input(1).is_constant:
        return None
    away: NDArray[np.bool_] = node.input(1).data <= _AWAY
    return away if away.any() and _into_softmax(node.output) else None


def is_mask(values: NDArray[np.float32]) -> bool:
    """Whether all of these numbers would take a score away."""
    return bool((values <= _AWAY).all())


def _into_softmax(value: Value) -> bool:
    return bool(value.users) and all(
        user.op == "softmax" or (user.op in _MOVEMENTS and _into_softmax(user.output))
        for user in value.users
    )
