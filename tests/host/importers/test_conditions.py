"""Comparisons and Where compute what onnxruntime does; of one value they are one table."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from tinypack.errors import PackError

from tests.models.small_graph import SmallGraph

from .imported import check, imported


def model(body) -> onnx.ModelProto:
    g = SmallGraph(body.__name__)
    g.output(body(g))
    return g.model()


def hard_shrink(g: SmallGraph) -> str:
    """As PyTorch's exporters write it: Or of two comparisons, Where, a branch of zeros."""
    x = g.x(1, 3, 4, 4)
    outer = g.op("Or", g.op("Greater", x, g.constant(0.5)), g.op("Less", x, g.constant(-0.5)))
    return g.op("Where", outer, x, g.constant(0.0))


def soft_plus(g: SmallGraph) -> str:
    """Both branches depend on x, one overflows where it is not taken."""
    x = g.op("Mul", g.x(1, 3, 4, 4), g.constant(60.0))
    y = g.op("Log", g.op("Add", g.op("Exp", x), g.constant(1.0)))
    return g.op("Where", g.op("GreaterOrEqual", x, g.constant(20.0)), x, y)


def root_of_positive(g: SmallGraph) -> str:
    """The branch that is not taken has no value."""
    x = g.x(1, 12)
    return g.op(
        "Where", g.op("LessOrEqual", x, g.constant(0.0)), g.constant(-1.0), g.op("Sqrt", x)
    )


def between(g: SmallGraph) -> str:
    x = g.x(1, 12)
    inside = g.op("And", g.op("Less", g.constant(-0.5), x), g.op("Less", x, g.constant(0.75)))
    return g.op("Where", g.op("Not", inside), x, g.op("Neg", x))


TABLES = (hard_shrink, soft_plus, root_of_positive, between)


@pytest.mark.parametrize("body", TABLES)
def test_one_table(body, tmp_path: Path) -> None:
    graph = check(model(body), tmp_path)
    assert [n.op for n in graph.nodes if n.op != "transpose"] == ["table"]


def of_two(g: SmallGraph) -> str:
    x = g.x(1, 3, 4, 4)
    k = g.op("Conv", x, g.weights(3, 3, 1, 1))
    return g.op("Where", g.op("Less", x, k), k, g.op("Relu", x))


def of_channels(g: SmallGraph) -> str:
    x = g.x(1, 3, 4, 4)
    return g.op("Where", g.op("Greater", x, g.weights(3, 1, 1)), x, g.weights(1, 3, 1, 1))


def lower_triangle(g: SmallGraph) -> str:
    return g.constant(np.tri(6), bool)


def constant_mask(g: SmallGraph) -> str:
    return g.op("Where", lower_triangle(g), g.x(1, 6, 6), g.constant(-9.0))


def as_numbers(g: SmallGraph) -> str:
    x = g.x(1, 12)
    return g.op("Mul", x, g.op("Cast", g.op("Greater", x, g.constant(0.0)), to=1))


@pytest.mark.parametrize("body", [of_two, of_channels, constant_mask, as_numbers])
def test_condition(body, tmp_path: Path) -> None:
    check(model(body), tmp_path)


def causal(g: SmallGraph) -> str:
    return g.op("Where", lower_triangle(g), g.x(1, 6, 6), g.constant(-np.inf))


def test_infinite_mask_needs_a_softmax(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="no softmax reads the sum"):
        imported(model(causal), tmp_path)
