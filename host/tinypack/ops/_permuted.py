"""What an operator is on an input with permuted axes, where it needs no other attributes: the
`permuted` of many operators. passes/convert_layout.py says what it is for."""

from collections.abc import Sequence
from typing import Any

from ..ir import Node


def of_any_order(node: Node, perm: Sequence[int]) -> dict[str, Any]:
    """Of operators on single elements."""
    return {}


def with_last_kept(node: Node, perm: Sequence[int]) -> dict[str, Any] | None:
    """Of operators along the last axis."""
    return {} if perm[-1] == len(perm) - 1 else None
