"""Which layers can have narrow weights: the most sensitive ones stay wide.

The order in which layers are narrowed is fixed here; how far down it a model may go is decided by
what it then gets wrong (tinypack/auto.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..ir import FloatArray, Graph, Node
from .sensitivity import layer_noise

# A layer whose share of the noise is this often its share of the bytes stays wide in any case.
# Shares add up to 1, so that all such layers together have at most a sixteenth of the weights.
_DEAR = 16


@dataclass(frozen=True)
class LayerChoice:
    """One layer's share of the noise that narrow weights make, and of all weights."""

    node: Node
    noise: float
    weights: float


@dataclass(frozen=True)
class NarrowingOrder:
    """Layers in the order in which narrowing them costs least per byte; `dear` ones stay wide."""

    layers: tuple[LayerChoice, ...]
    dear: tuple[LayerChoice, ...]

    def widths(self, count: int) -> dict[Node, str]:
        """The first `count` layers narrow, all others wide."""
        wide = dict.fromkeys((c.node for c in (*self.layers, *self.dear)), "s8")
        return wide | dict.fromkeys((choice.node for choice in self.layers[:count]), "s4")


def narrowing_order(graph: Graph, inputs: Sequence[FloatArray]) -> NarrowingOrder:
    layers = [
        n for n in layer_noise(graph, inputs, "int4", outputs=False) if n.weights is not None
    ]
    noise = sum(layer.weights or 0.0 for layer in layers) or 1.0
    parameters = sum(layer.parameters for layer in layers) or 1
    choices = [
        LayerChoice(layer.node, (layer.weights or 0.0) / noise, layer.parameters / parameters)
        for layer in layers
    ]
    # A single layer has all of the noise and all of the bytes: nothing to choose.
    dear = [c for c in choices if c.noise > _DEAR * c.weights]
    rest = [c for c in choices if c not in dear]
    rest.sort(key=lambda c: c.noise / max(c.weights, 1e-12))
    return NarrowingOrder(tuple(rest), tuple(dear))
