"""Conditions are numbers, 1 where they hold and 0 elsewhere: what makes and what reads them.

Of one value, all of it becomes a table with the exact steps (passes/fuse_table.py).
"""

import numpy as np

from ..ir import Node, Value
from ._build import Builder, refuse
from ._elementwise import of_equal_rank, operands
from ._mask import is_mask

COMPARISONS = {
    "Greater": "greater",
    "GreaterOrEqual": "greater_equal",
    "Less": "less",
    "LessOrEqual": "less_equal",
    "Equal": "equal",
}
STEPS = ("greater", "greater_equal", "less", "less_equal")
_MIRRORED = {
    "greater": "less",
    "greater_equal": "less_equal",
    "less": "greater",
    "less_equal": "greater_equal",
    "equal": "equal",
}


def compared(node: Node, build: Builder) -> Value:
    name = COMPARISONS[node.op]
    x, k = operands(node, build)
    if x.is_constant:
        name, x, k = _MIRRORED[name], k, x
    if (bound := _number(k)) is not None:
        return build.node("table", x, function=(name, "x", bound))
    if k.is_constant:
        difference = build.node("add", x, build.constant(-k.data, "bounds"))
    else:
        difference = build.node("add", x, k, subtract=1)
    return build.node("table", difference, function=(name, "x", 0.0))


def chosen(node: Node, build: Builder) -> Value:
    """Where: condition * x + (1 - condition) * k, without what is 0 throughout."""
    condition, x, k = (node.input(index) for index in range(3))
    if (scores := _masked(condition, x, k, build)) is not None and scores.shape == (
        node.outputs[0].shape
    ):
        return scores
    if any(v.is_constant and not np.isfinite(v.data).all() for v in (x, k)):
        raise refuse(
            node,
            "puts in numbers that are not finite where the model computes",
            "export the layer with a constant mask, for sequences of one length",
        )
    terms = []
    for value, holds in ((x, True), (k, False)):
        if not value.is_constant or value.data.any():
            share = condition if holds else _negated(condition, build)
            terms.append(_product(value, share, build))
    if len(terms) == 2:
        first, second = of_equal_rank(terms[0], terms[1], build)
        if first.is_constant:
            first, second = second, first
        terms = [build.node("add", first, second)]
    if not terms or terms[0].shape != node.outputs[0].shape:
        raise refuse(node, "repeats a number", "put the constant in at its full size")
    return terms[0]


def _masked(condition: Value, x: Value, k: Value, build: Builder) -> Value | None:
    """What is left of scores that a constant mask takes away, as a sum."""
    if not condition.is_constant or x.is_constant == k.is_constant:
        return None
    holds = condition.data != 0
    scores, number, away = (k, x, holds) if x.is_constant else (x, k, ~holds)
    if not is_mask(number.data):
        return None
    mask = np.where(away, number.data, 0).astype(np.float32)
    first, second = of_equal_rank(scores, build.constant(mask, "mask"), build)
    return build.node("add", first, second)


def _negated(condition: Value, build: Builder) -> Value:
    if condition.is_constant:
        return build.constant(condition.data == 0, "fails")
    return build.node("table", condition, function=("equal", "x", 0.0))


def _product(x: Value, condition: Value, build: Builder) -> Value:
    x, condition = of_equal_rank(x, condition, build)
    if x.is_constant and condition.is_constant:
        return build.constant(x.data * condition.data, "part")
    return build.node("mul", condition, x) if x.is_constant else build.node("mul", x, condition)


def _number(value: Value) -> float | None:
    """The one number that a constant holds throughout."""
    if not value.is_constant or len(np.unique(value.data)) != 1:
        return None
    return float(value.data.flat[0])
