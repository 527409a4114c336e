"""Where a packed model loses accuracy: noise layer by layer, the layers that hurt, what helps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from . import ops
from .ir import FloatArray, Graph, Node
from .metrics import is_choice
from .quant.observe import signal_to_noise
from .quant.quantizer import quantize_graph
from .quant.sensitivity import decisions, layer_noise

# Outputs for the second samples of a model fitted to the first, and the bytes of its file.
Packing = Callable[
    [str, Mapping[Node, str], list[FloatArray], list[FloatArray]], tuple[list[FloatArray], int]
]
# Layers that are said to hurt have this share of the noise.
_HURTS = 0.1
# What may help, by what was asked for: the next wider choices.
_WIDER = {"int4": ("mixed", "int8"), "mixed": ("int8",), "auto": ("int8",), "int8": ()}


@dataclass(frozen=True)
class LayerDiagnosis:
    """`decibels`: signal over noise of the output with all noise from before.

    Shares are of the noise in the model's answer that the rounding of this layer's weights, or of
    its output, makes alone; `weights` is its share of all weights.
    """

    name: str
    op: str
    dtype: str
    decibels: float
    weight_noise: float
    output_noise: float
    weights: float


@dataclass(frozen=True)
class Trial:
    """A way to pack the model, and what it gives on samples it was not fitted to; numbers have
    no `agreement`."""

    what: str
    decibels: float
    agreement: float | None
    file_bytes: int


@dataclass(frozen=True)
class Diagnosis:
    layers: tuple[LayerDiagnosis, ...]
    trials: tuple[Trial, ...]

    @property
    def hurting(self) -> tuple[LayerDiagnosis, ...]:
        """Layers with the largest shares of the noise, the worst first."""
        worst = [x for x in self.layers if x.weight_noise + x.output_noise >= _HURTS]
        return tuple(sorted(worst, key=lambda x: -(x.weight_noise + x.output_noise)))


def diagnose(
    graph: Graph,
    inputs: Sequence[FloatArray],
    precision: str,
    packing: Packing,
    progress: Callable[[int, int], None] | None = None,
) -> Diagnosis:
    """`graph` is a decision_graph(), `inputs` are calibration samples as ops.run takes them."""
    noise = layer_noise(graph, inputs, precision)
    quantized = quantize_graph(graph, inputs, precision)
    total = sum((layer.weights or 0.0) + (layer.output or 0.0) for layer in noise) or 1.0
    parameters = sum(layer.parameters for layer in noise) or 1
    layers = tuple(
        LayerDiagnosis(
            layer.node.name,
            layer.node.op,
            layer.dtype,
            quantized.noise[layer.node],
            (layer.weights or 0.0) / total,
            (layer.output or 0.0) / total,
            layer.parameters / parameters,
        )
        for layer in noise
    )
    seen, unseen = ([x[half] for x in inputs] for half in ops.halves(graph, len(inputs[0])))
    exact = decisions(ops.run(graph, unseen))

    def tried(what: str, width: str, widths: Mapping[Node, str]) -> Trial:
        outputs, file_bytes = packing(width, widths, seen, unseen)
        actual = decisions(outputs)
        same = None
        if is_choice(outputs[0], unseen[0]):
            same = float(np.mean(exact.argmax(1) == actual.argmax(1)))
        decibels = signal_to_noise(exact.astype(np.float32), actual.astype(np.float32))
        return Trial(what, decibels, same, file_bytes)

    plans: list[tuple[str, str, Mapping[Node, str]]] = [(f"all as {precision}", precision, {})]
    narrow = [layer for layer in noise if layer.dtype == "s4"]
    worst = sorted(narrow, key=lambda layer: -(layer.weights or 0.0))[:2]
    if len(narrow) > len(worst):
        names = " and ".join(layer.node.name or layer.node.op for layer in worst)
        wide = dict.fromkeys((layer.node for layer in worst), "s8")
        plans.append((f"{precision}, weights of {names} s8", precision, wide))
    plans += [(f"all as {wider}", wider, {}) for wider in _WIDER.get(precision, ())]
    trials = []
    for plan in plans:
        trials.append(tried(*plan))
        if progress:
            progress(len(trials), len(plans))
    return Diagnosis(layers, tuple(trials))
