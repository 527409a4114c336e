"""The whole way from a trained model to a model file, step by step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import importers, ops, passes
from .auto import FEWEST_SAMPLES, AutoChoice, choose_widths, cross_fitted
from .diagnose import Diagnosis, Packing
from .diagnose import diagnose as diagnose_graph
from .errors import PackError, contradictions
from .evaluate import Evaluation, evaluate
from .execute import run_samples
from .file_metadata import accuracy_metadata, class_labels, source_metadata, task_of
from .golden import golden_vectors
from .graph_inputs import expect_sequences, graph_inputs, noise_inputs, thinned
from .input_spec import InputSpec
from .ir import FloatArray, Graph, Model, Node, Value
from .metrics import target_classes
from .model_file import ModelSpec, write_model
from .plan import MemoryPlan, apply_plan, plan_memory, plan_within
from .quant import PRECISIONS, QuantizedGraph, quantize_graph
from .quant.balance import balance_inputs, balance_joins
from .quant.by_step import by_step
from .quant.emit import emit
from .quant.float_input import input_quantizer
from .quant.masks import bound_masks
from .quant.policy import activation_dtype
from .quant.sensitivity import decision_graph
from .quant.split import split_ranked
from .quant.stored import is_stored, stored_graph, stored_precision
from .samples import Samples
from .warn import warnings
from .widen import Likeness

# (what, done, total)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Packed:
    """`file` is what goes on the board; `accuracy` is on the calibration samples.

    `noise` is each node's signal over its error there, in dB; None of layers packed as they were.
    `choice` is what precision auto chose and why; `extra_macs` is what bands of
    rows compute twice. `reason` says why another precision was taken than the usual one.
    """

    file: bytes
    model: ModelSpec
    plan: MemoryPlan
    precision: str
    accuracy: Evaluation | None
    warnings: tuple[str, ...]
    noise: tuple[float | None, ...]
    choice: AutoChoice | None = None
    extra_macs: int = 0
    reason: str | None = None


def load(
    path: str | Path,
    *,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    stateful: bool = False,
) -> Model:
    """A model file of another tool as a graph of our operators, in floats.

    `stateful`: inputs and outputs that hand on the state of recurrent layers are left out.
    """
    # What is no number is found in the constants of the legal graph.
    with np.errstate(all="ignore"):
        with contradictions(f"{path}:"):
            model = importers.load(Path(path), input_shapes)
        if stateful and model.opset:
            passes.bind_states(model)
        return passes.run(model)


def quantize(
    model: Model,
    calibration: Samples | None = None,
    *,
    precision: str = "int8",
    input_spec: InputSpec | None = None,
    labels: Sequence[str] = (),
    stateful: bool = False,
    progress: Progress | None = None,
) -> ModelSpec:
    """Integers for a loaded model; memory is not planned yet."""
    spec = input_spec or InputSpec()
    if stateful:
        expect_sequences(model.graph, calibration)
    _balance(model, calibration, spec)
    quantized = _quantized(model, calibration, precision, spec, progress)
    windows: Mapping[str, Sequence[int]] = {}
    if stateful:
        quantized, windows = by_step(quantized)
    return _records(quantized, spec, precision, labels, windows=windows)


def _balance(model: Model, calibration: Samples | None, spec: InputSpec) -> None:
    if is_stored(model.graph):
        return
    if calibration is None:
        bound_masks(model.graph, noise_inputs(model.graph))
        return
    # What the graph takes changes as it is balanced.
    given = thinned(spec.normalized(calibration), model.graph)
    balance_inputs(model.graph, graph_inputs(model.graph, given))
    if model.tabular:
        balance_joins(model.graph, graph_inputs(model.graph, given))
    bound_masks(model.graph, graph_inputs(model.graph, given))


def _quantized(
    model: Model,
    calibration: Samples | None,
    precision: str,
    spec: InputSpec,
    progress: Progress | None,
    widths: Mapping[Node, str] | None = None,
) -> QuantizedGraph:
    if precision not in PRECISIONS:
        raise PackError(f"precision {precision} is unknown; choose {', '.join(PRECISIONS)}")
    graph = model.graph
    if is_stored(graph):
        return stored_graph(graph)
    inputs = noise_inputs(graph)
    if calibration is not None:
        inputs = graph_inputs(graph, thinned(spec.normalized(calibration), graph))
    if precision == "int16" and model.tabular:
        split_ranked(graph)
    show = _named(progress, "quantizing")
    return quantize_graph(graph, inputs, precision, show, widths=widths)


def _normalization(value: Value, spec: InputSpec) -> tuple[Sequence[float], Sequence[float]]:
    """From what the board feeds to what the graph takes: the user's, then the graph's own."""
    if value.normalization is None:
        return spec.mean, spec.std
    mean, std = value.normalization
    deviation = np.asarray(spec.std)
    return (np.asarray(spec.mean) + mean * deviation).tolist(), (std * deviation).tolist()


def _records(
    quantized: QuantizedGraph,
    spec: InputSpec,
    precision: str,
    labels: Sequence[str],
    raw: bool = True,
    windows: Mapping[str, Sequence[int]] | None = None,
) -> ModelSpec:
    """`raw`: the file takes the source model's inputs, not those of the graph. `windows`: axis
    and steps of inputs whose steps it takes one by one."""
    graph = quantized.graph
    quantizers = {
        value: input_quantizer(
            quantized.params[value].scale[0], *(_normalization(value, spec) if raw else ())
        )
        for value in graph.inputs
    }
    metadata: dict[str, Any] = {"precision": stored_precision(graph) or precision}
    described = spec.describe(graph)
    if windows:
        described["windows"] = {name: list(window) for name, window in windows.items()}
    if described:
        metadata["input"] = described
    return emit(quantized, quantizers, tuple(labels), metadata)


def _auto(
    model: Model,
    calibration: Samples | None,
    spec: InputSpec,
    max_drop: float,
    classes: bool,
    progress: Progress | None,
) -> AutoChoice:
    """What precision auto makes of the model."""
    if stored_precision(model.graph):
        raise PackError(
            "--precision auto chooses widths of float weights but those of this model are already"
            " integers; leave the option out, or give the float model"
        )
    if calibration is None:
        raise PackError("--precision auto judges on real samples; give some with --calib")
    samples = thinned(spec.normalized(calibration), model.graph)
    graph = decision_graph(model.graph)
    packing = _packing(graph)

    def fitted(
        widths: Mapping[Node, str], seen: list[FloatArray], unseen: list[FloatArray]
    ) -> list[FloatArray]:
        return packing("auto", widths, seen, unseen)[0]

    return choose_widths(
        graph,
        graph_inputs(graph, samples),
        target_classes(samples.y) if classes and samples.y is not None else None,
        max_drop,
        classes,
        fitted,
        _named(progress, "choosing widths"),
    )


def _packing(graph: Graph) -> Packing:
    """Packs the graph for some samples and runs it on others."""

    def run(
        precision: str,
        widths: Mapping[Node, str],
        seen: list[FloatArray],
        unseen: list[FloatArray],
    ) -> tuple[list[FloatArray], int]:
        own = set(graph.nodes)
        quantized = quantize_graph(graph, seen, precision, widths=widths)
        if graph.windows:
            quantized, _ = by_step(quantized)
            unseen = [x.reshape(-1, graph.runs, *x.shape[1:]) for x in unseen]
        bare = _records(quantized, InputSpec(), precision, (), raw=False)
        file = write_model(apply_plan(bare, plan_memory(bare)))
        # Other samples may do without what was put in front of a concat for these.
        for node in [node for node in graph.nodes if node not in own]:
            graph.replace_all_uses_with(node.output, node.input(0))
            graph.remove(node)
        return run_samples(file, unseen), len(file)

    return run


def diagnose(
    path: str | Path,
    calibration: Samples,
    *,
    precision: str = "int8",
    input_spec: InputSpec | None = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Where the packed model loses accuracy, and what helps."""
    model = load(path, input_shapes=input_shapes)
    if is_stored(model.graph):
        raise PackError(
            f"{path}: its integers are kept as they are, nothing is rounded; diagnose the float"
            " model it was made from"
        )
    spec = input_spec or InputSpec()
    _balance(model, calibration, spec)
    graph = decision_graph(model.graph)
    samples = thinned(spec.normalized(calibration), model.graph)
    if len(samples) < 2:
        raise PackError("one sample cannot be fitted to and measured on; give more samples")
    return diagnose_graph(
        graph,
        graph_inputs(graph, samples),
        precision,
        _packing(graph),
        _named(progress, "trying"),
    )


def pack(
    path: str | Path,
    calibration: Samples | None = None,
    *,
    precision: str | None = None,
    max_drop: float = 1.0,
    labels: Sequence[str] = (),
    input_spec: InputSpec | None = None,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    stateful: bool = False,
    max_ram: int | None = None,
    progress: Progress | None = None,
) -> Packed:
    """The model file for a trained model; `max_drop` in points is for precision auto. An arena
    above `max_ram` is made smaller by bands of rows, if that helps.

    `precision` is int8 by itself; of models of tables int16, if int8 answers otherwise than the
    float model. `stateful`: a recurrent model takes one time step a run, and keeps its state
    until it is reset.
    """

    def packed_as(precision: str) -> tuple[Packed, bool, Likeness | None]:
        return _pack(
            Path(path),
            calibration,
            precision=precision,
            max_drop=max_drop,
            labels=labels,
            spec=input_spec or InputSpec(),
            input_shapes=input_shapes,
            stateful=stateful,
            max_ram=max_ram,
            progress=progress,
        )

    packed, tabular, likeness = packed_as(precision or "int8")
    if likeness is None:
        return packed
    # Each sample is its own nearest neighbour: those that were trained on show nothing.
    ranks = any(node.op == "top_k" for node in packed.model.nodes)
    if precision is None and tabular and (ranks or not likeness.suffices):
        wider, _, better = packed_as("int16")
        assert better is not None
        if ranks or better.exceeds(likeness):
            reason = f"int16 was taken because int8 {likeness}"
            if likeness.suffices:
                reason = "int16 was taken because int8 confuses neighbours that are nearly as near"
            packed, likeness = replace(wider, reason=reason), better
    if likeness.is_fair:
        return packed
    seen = packed.accuracy.likeness if packed.accuracy else None
    if precision is None and tabular and seen is not None and seen.is_poor:
        raise PackError(
            f"{path}: packed it {seen}, with int16 as well: scale its features with"
            " StandardScaler or train a forest; --precision int16 packs it as it is"
        )
    said = f"the packed model {likeness}"
    if packed.precision != "int16":
        said += "; --precision int16 is closer"
    return replace(packed, warnings=(*packed.warnings, said))


def _pack(
    path: Path,
    calibration: Samples | None,
    *,
    precision: str,
    max_drop: float,
    labels: Sequence[str],
    spec: InputSpec,
    input_shapes: Mapping[str, Sequence[int]] | None,
    stateful: bool,
    max_ram: int | None,
    progress: Progress | None,
) -> tuple[Packed, bool, Likeness | None]:
    """And whether it is a model of tables, and how like the float model at worst; None if its
    integers were not chosen here, and of networks that classify."""
    if progress:
        progress("loading", 0, 1)
    model = load(path, input_shapes=input_shapes, stateful=stateful)
    task = task_of(model, calibration)
    if task == "classify":
        labels = labels or model.labels or (calibration.labels if calibration else ())
        labels = class_labels(model.graph, labels)
    if stateful:
        expect_sequences(model.graph, calibration)
    _balance(model, calibration, spec)
    choice = None
    if precision == "auto":
        choice = _auto(model, calibration, spec, max_drop, task == "classify", progress)
    widths = choice.widths if choice else None
    likeness = reference = accuracy = None
    judged = (task == "regress" or model.tabular) and not stored_precision(model.graph)
    # s16 has room for what other samples give.
    if calibration is not None and judged and activation_dtype(precision) == "s8":
        samples = thinned(spec.normalized(calibration), model.graph)
        likeness = _unseen(model, samples, precision, widths, bool(labels))
    quantized = _quantized(model, calibration, precision, spec, progress, widths)
    if calibration is not None:
        graph = model.graph
        reference = ops.run(graph, graph_inputs(graph, spec.normalized(calibration)))[0]
        reference = reference[graph.runs - 1 :: graph.runs]
    windows: Mapping[str, Sequence[int]] = {}
    if stateful:
        quantized, windows = by_step(quantized)
    bare = _records(quantized, spec, precision, labels, windows=windows)
    heard = map(quantized.noise.get, quantized.graph.nodes)
    noise = {node.outputs: db for node, db in zip(bare.nodes, heard, strict=True)}
    fitted = plan_within(bare, max_ram)
    bare, plan = fitted.model, fitted.plan
    planned = apply_plan(bare, plan)
    metadata = source_metadata(path, model, task) | dict(planned.metadata)
    if calibration is not None:
        # Never on test samples: what they are must not change a byte of the file.
        accuracy = evaluate(
            write_model(planned),
            planned,
            calibration,
            reference=reference,
            progress=_named(progress, "checking"),
        )
        metadata["accuracy"] = accuracy_metadata(accuracy)
    planned = replace(planned, metadata=metadata)
    complete = replace(planned, golden=golden_vectors(planned, calibration))
    packed = Packed(
        file=write_model(complete),
        model=complete,
        plan=plan,
        precision=complete.metadata["precision"],
        accuracy=accuracy,
        warnings=_warnings(model.graph, calibration, reference, labels),
        noise=tuple(
            noise[origin] if (origin := fitted.origin.get(node.outputs)) else None
            for node in bare.nodes
        ),
        extra_macs=fitted.extra_macs,
        choice=choice,
    )
    seen = accuracy.likeness if accuracy and judged else None
    if seen and (likeness is None or likeness.exceeds(seen)):
        likeness = seen
    return packed, model.tabular, likeness


def _unseen(
    model: Model,
    samples: Samples,
    precision: str,
    widths: Mapping[Node, str] | None,
    classes: bool,
) -> Likeness | None:
    """On samples that were not fitted to, whose numbers leave the range of the others: each half
    is packed for the other."""
    graph = model.graph
    if len(samples) < FEWEST_SAMPLES:
        return None
    inputs = graph_inputs(graph, samples)
    packing = _packing(graph)

    def fitted(
        widths: Mapping[Node, str], seen: list[FloatArray], unseen: list[FloatArray]
    ) -> list[FloatArray]:
        return packing(precision, widths, seen, unseen)[0]

    actual = cross_fitted(graph, inputs, widths or {}, fitted)
    exact = ops.run(graph, inputs)[0][graph.runs - 1 :: graph.runs]
    return replace(Likeness.of(actual.astype(np.float32), exact, classes), unseen=True)


def _warnings(
    graph: Graph,
    calibration: Samples | None,
    reference: FloatArray | None,
    labels: Sequence[str],
) -> tuple[str, ...]:
    if not stored_precision(graph):
        return warnings(calibration, reference, labels)
    # Samples change nothing in a model that comes with its integers.
    quants = (node.input(0).quant for node in graph.nodes if node.op == "softmax")
    if any(quant is not None and quant.dtype == "s16" for quant in quants):
        return (
            "softmax of 16 bits is nearer to the real one here than that of TensorFlow Lite, from"
            " which it differs by up to 0.001",
        )
    return ()


def _named(progress: Progress | None, what: str) -> Callable[[int, int], None] | None:
    return (lambda done, total: progress(what, done, total)) if progress else None
