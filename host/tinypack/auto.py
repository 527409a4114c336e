"""Chooses the width of each layer's weights: as narrow as the allowed loss of accuracy lets.

Layers are narrowed in the order of quant/mixed.py, and bisection finds how many may be. What a
choice loses is predicted on calibration samples that its weights were not fitted to: fitted on
one half and measured on the other, both ways. On samples it was fitted to, a choice looks twice
as good as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import ops
from .errors import PackError
from .ir import FloatArray, Graph, Node
from .quant.mixed import LayerChoice, NarrowingOrder, narrowing_order
from .quant.sensitivity import decisions

# Outputs for the second samples of a model with these weights that was fitted to the first.
Fitted = Callable[[Mapping[Node, str], list[FloatArray], list[FloatArray]], list[FloatArray]]

# Share of the allowed loss that the prediction may use up: it is itself uncertain by about half.
_CAUTION = 0.5
# Below this there is nothing to fit to one half and measure on the other.
FEWEST_SAMPLES = 20
# What a model's certainty may be divided by.
_TEMPERATURES: Sequence[float] = np.geomspace(0.1, 10.0, 41).tolist()


@dataclass(frozen=True)
class AutoChoice:
    """`loss` is what is predicted, in points: percent of samples, or of the output's variance.

    `unseen` are classes that no calibration sample is of; what narrow weights do to them nobody
    can tell, and all weights stay wide.
    """

    widths: Mapping[Node, str]
    loss: float
    layers: tuple[LayerChoice, ...]
    unseen: tuple[int, ...] = ()


def choose_widths(
    graph: Graph,
    inputs: Sequence[FloatArray],
    targets: NDArray[np.int64] | None,
    max_drop: float,
    classes: bool,
    fitted: Fitted,
    progress: Callable[[int, int], None] | None = None,
) -> AutoChoice:
    """`graph` is a decision_graph(), `inputs` are calibration samples as ops.run takes them,
    `targets` their classes if known.

    `classes`: the answer is the largest output; otherwise the outputs themselves count.
    """
    count = len(inputs[0]) // graph.runs
    if count < FEWEST_SAMPLES:
        raise PackError(
            f"--precision auto needs {FEWEST_SAMPLES} calibration samples to judge by but"
            f" {count} were given; give more, or choose int8 or int4"
        )
    order = narrowing_order(graph, inputs)
    # Of many runs, the last one's answer is the sample's.
    exact = decisions(ops.run(graph, inputs))[graph.runs - 1 :: graph.runs]
    losses: dict[int, float] = {}

    def loss(narrow: int) -> float:
        if narrow not in losses:
            actual = cross_fitted(graph, inputs, order.widths(narrow), fitted)
            losses[narrow] = expected_loss(exact, actual, targets, classes)
            if progress:
                progress(len(losses), _steps(order))
        return losses[narrow]

    unseen = _unseen(exact, targets) if classes else ()
    narrow = 0
    if not unseen:
        narrow = _most(len(order.layers), lambda n: loss(n) < _CAUTION * max_drop)
    return AutoChoice(order.widths(narrow), loss(narrow), (*order.layers, *order.dear), unseen)


def _unseen(exact: NDArray[np.float64], targets: NDArray[np.int64] | None) -> tuple[int, ...]:
    """Classes that no sample is of: by the targets, since the float model may take another class
    for one that is missing; where these are no classes of it, by what it finds."""
    if exact.shape[1] == 1:
        count, seen = 2, {int(answer) for answer in exact[:, 0] > 0}
    else:
        count, seen = exact.shape[1], set(exact.argmax(1).tolist())
    if targets is not None and targets.min() >= 0 and targets.max() < count:
        seen = set(targets.tolist())
    return tuple(i for i in range(count) if i not in seen)


def _steps(order: NarrowingOrder) -> int:
    return len(order.layers).bit_length() + 2


def _most(count: int, allowed: Callable[[int], bool]) -> int:
    """Largest number up to `count` that is allowed; 0 is taken unasked."""
    if allowed(count):
        return count
    low, high = 0, count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return low


def cross_fitted(
    graph: Graph,
    inputs: Sequence[FloatArray],
    widths: Mapping[Node, str],
    fitted: Fitted,
) -> NDArray[np.float64]:
    """Decisions for all samples, each from weights fitted to the other half of them."""
    count = len(inputs[0]) // graph.runs
    halves = ops.halves(graph, count)
    result = None

    def rows(samples: NDArray[np.int64]) -> NDArray[np.int64]:
        picked: NDArray[np.int64] = samples[:, None] * graph.runs + np.arange(graph.runs)
        return picked.reshape(-1)

    for seen, unseen in (halves, halves[::-1]):
        outputs = fitted(
            widths, [x[rows(seen)] for x in inputs], [x[rows(unseen)] for x in inputs]
        )
        found = decisions(outputs)
        if result is None:
            result = np.zeros((count, found.shape[1]))
        result[unseen] = found
    assert result is not None
    return result


def expected_loss(
    exact: NDArray[np.float64],
    actual: NDArray[np.float64],
    targets: NDArray[np.int64] | None,
    classes: bool,
) -> float:
    """Points lost by noise of the size seen, whichever samples it happens to turn.

    Of classifiers every sample is looked at with the noise of every other. A turned one counts by
    how much likelier the answer was than the new one; `targets` say how likely a model so sure is
    right, for which of the few samples near a border are is chance.
    """
    if not classes:
        variance = float(np.var(exact, axis=0).mean())
        return 100 * float(np.mean((actual - exact) ** 2)) / max(variance, 1e-30)
    if exact.shape[1] == 1:
        exact, actual = (np.concatenate([-x, x], axis=1) / 2 for x in (exact, actual))
    temperature = 1.0
    if targets is not None and targets.min() >= 0 and targets.max() < exact.shape[1]:
        temperature = _temperature(exact, targets)
    noise = actual - exact
    lost = [
        float(np.mean(share[answer] - share[(decided + noise).argmax(1)]))
        for decided, answer, share in zip(
            exact, exact.argmax(1), _probabilities(exact, temperature), strict=True
        )
    ]
    return 100 * float(np.mean(lost))


def _probabilities(decided: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    surer = np.exp((decided - decided.max(1, keepdims=True)) / temperature)
    likely: NDArray[np.float64] = surer / surer.sum(1, keepdims=True)
    return likely


def _temperature(exact: NDArray[np.float64], targets: NDArray[np.int64]) -> float:
    """That makes the targets likeliest (Guo et al., 2017)."""

    def surprise(temperature: float) -> float:
        found = _probabilities(exact, temperature)[np.arange(len(exact)), targets]
        return -float(np.log(np.maximum(found, 1e-30)).mean())

    return min(_TEMPERATURES, key=surprise)
