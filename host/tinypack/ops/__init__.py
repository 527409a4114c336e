"""The operators of ops.def on the PC: one module per row, of the same name.

A module has
- ONNX             names of the ONNX operators it legalizes (a tuple; may be empty)
- legalize(node, build) -> Value | None
                   the output of new nodes that compute `node`; None leaves it to another module
- infer_shape(node) -> Shape
- float_(node, *arrays) -> array
                   the reference; arrays and result are float32 with the sample as first axis
- quantize(layer) -> Quantized
                   its integers (ops/_layer.py)
and where it applies
- attributes(node) -> dict[str, int]
                   ops.def's attributes that the node has in another form
- permuted(node, perm) -> dict | None
                   the attributes with which op(transpose(x)) = transpose(op(x)), None if there are
                   none; without this function transposes do not pass the operator
- ELEMENTWISE      True if reshapes pass as well
- ALIKE            True if all inputs, constants too, have the output's axes
- KEEPS_SCALE      True if the output has the integers of input 0; keeps_scale(node) where that
                   depends on the node
- STREAMS          True if samples are the steps of one sequence, which the operator remembers
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from ..errors import PackError, contradictions
from ..ir import FloatArray, Graph, Node, Shape, Value
from ..optable import OPS

MODULES: Mapping[str, ModuleType] = {
    name: import_module(f"{__name__}.{name}")
    for name in OPS
    if name in {module.name for module in iter_modules(__path__)}
}

# Samples that go through a graph together: bounds memory and keeps it in the cache.
_GROUP = 32
# No value may be larger: sums of squares then stay within float32.
LARGEST = 1e15


@cache
def legalizers(onnx_op: str) -> tuple[ModuleType, ...]:
    return tuple(module for module in MODULES.values() if onnx_op in module.ONNX)


def infer_shape(node: Node) -> Shape:
    """The shape of a legal node's output."""
    shape: Shape = tuple(int(size) for size in MODULES[node.op].infer_shape(node))
    return shape


def attributes(node: Node) -> dict[str, int]:
    """ops.def's attributes of a legal node, without those that quantization gives."""
    module = MODULES[node.op]
    own: dict[str, int] = module.attributes(node) if hasattr(module, "attributes") else {}
    known = {attr.name for attr in OPS[node.op].attrs} - own.keys()
    # What is not an integer here becomes one in quantization: bounds, the value of a border.
    return {
        name: int(value)
        for name, value in node.attrs.items()
        if name in known and isinstance(value, int | np.integer)
    } | own


def float_(node: Node, *arrays: FloatArray) -> FloatArray:
    """What a legal node computes for samples [samples, ...]; constants come without that axis."""
    with contradictions(f"node {node.name!r}: {node.op}"), np.errstate(all="ignore"):
        y: FloatArray = MODULES[node.op].float_(node, *arrays)
        low, high = node.attrs.get("activation_min"), node.attrs.get("activation_max")
        if low is not None or high is not None:
            y = np.clip(y, low, high)
        # Shapes of one NHWC view stand for each other.
        y = np.asarray(y, np.float32).reshape(len(y), *node.output.shape)
    if y.size and not (y.min() >= -LARGEST and y.max() <= LARGEST):
        raise PackError(
            f"node {node.name!r}: {node.op} gives values beyond {LARGEST:.0e} or none on the"
            " samples; give samples that the model can compute, or bound its input with Clip"
        )
    return y


def keeps_scale(node: Node) -> bool:
    """Whether a legal node's output has the integers of its input 0."""
    module = MODULES[node.op]
    if hasattr(module, "keeps_scale"):
        return bool(module.keeps_scale(node))
    return getattr(module, "KEEPS_SCALE", False)


def streams(names: Iterable[str]) -> bool:
    """Whether a model of these operators takes its samples as the steps of one sequence."""
    return any(getattr(MODULES.get(name), "STREAMS", False) for name in names)


def halves(graph: Graph, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of samples to fit to and to judge on: alike, or two sequences."""
    numbers = np.arange(count)
    if streams(node.op for node in graph.nodes):
        return numbers[: count // 2], numbers[count // 2 :]
    return numbers[0::2], numbers[1::2]


Visit = Callable[[Node, Sequence[FloatArray], FloatArray], FloatArray | None]


def run(
    graph: Graph,
    inputs: Sequence[FloatArray],
    visit: Visit | None = None,
) -> list[FloatArray]:
    """Outputs of a legal graph for inputs [samples, *shape], each as the graph's input has it.

    `visit(node, operands, output)` is called in execution order, for groups of samples in turn;
    what it returns, if anything, goes on in place of the output.
    """
    count = len(inputs[0]) if inputs else 1
    group = max(_GROUP // graph.runs, 1) * graph.runs
    if streams(node.op for node in graph.nodes):
        group = count
    groups = []
    for start in range(0, count, group):
        some = [x[start : start + group] for x in inputs]
        groups.append(_run(graph, some, visit))
    return [np.concatenate(parts) for parts in zip(*groups, strict=True)]


def _run(
    graph: Graph,
    inputs: Sequence[FloatArray],
    visit: Visit | None,
) -> list[FloatArray]:
    arrays: dict[Value, FloatArray] = {}
    for value, x in zip(graph.inputs, inputs, strict=True):
        arrays[value] = np.ascontiguousarray(x, np.float32).reshape(len(x), *value.shape)
    last = {value: node for node in graph.nodes for value in node.inputs if value is not None}
    kept = set(graph.outputs)
    for node in graph.nodes:
        operands = [value for value in node.inputs if value is not None]
        values = [v.data if v.is_constant else arrays[v] for v in operands]
        y = float_(node, *values)
        changed = visit(node, values, y) if visit else None
        arrays[node.output] = y if changed is None else changed
        for value in operands:
            if last[value] is node and value not in kept:
                arrays.pop(value, None)
    return [arrays[value] for value in graph.outputs]


def source_inputs(graph: Graph, inputs: Sequence[FloatArray]) -> list[FloatArray]:
    """Samples in the source model's layout as run() takes them.

    The sample axis stands before the source's shape or in place of its first axis of size 1.
    """
    if len(inputs) != len(graph.inputs):
        raise PackError(f"the model has {len(graph.inputs)} inputs but {len(inputs)} were given")
    return [_from_source(v, x) for v, x in zip(graph.inputs, inputs, strict=True)]


def _from_source(value: Value, x: FloatArray) -> FloatArray:
    order = value.onnx_permutation or tuple(range(value.rank))
    source = tuple(value.shape[order.index(axis)] for axis in range(value.rank))
    if x.shape[1:] not in (source, source[1:]) or (x.shape[1:] != source and source[0] != 1):
        raise PackError(
            f"input {value.name!r} takes samples of shape {source} but these are {x.shape[1:]};"
            " give an array with one sample per index of its first axis"
        )
    samples: FloatArray = x.reshape(len(x), *source)
    return normalized(value, samples.transpose(0, *(axis + 1 for axis in order)))


def normalized(value: Value, x: FloatArray) -> FloatArray:
    """Samples of an input as the graph takes them."""
    if value.normalization is None:
        return x
    mean, std = value.normalization
    return np.asarray((x - mean) / std, np.float32)


def unsupported(name: str, op: str) -> PackError:
    """What to say of an operator of the source that nothing here computes."""
    remedy = _REMEDIES.get(op, "`tinypack ops` lists what is; build the layer from those")
    if op.startswith("com.microsoft."):
        remedy = "give the model as it was before onnxruntime optimized it"
    return PackError(f"node {name!r}: operator {op} is not supported; {remedy}")


_LOOP = (
    "recurrent layers of Keras become loops: build them with unroll=True,"
    " or export the model from PyTorch"
)
_STATIC = "quantize the model statically, or give the float model"
_REMEDIES = {
    "DynamicQuantizeLinear": _STATIC,
    "MatMulInteger": _STATIC,
    "ConvInteger": _STATIC,
    "Loop": _LOOP,
    "Scan": f"{_LOOP}; of scikit-learn, what compares with all samples: train an SVC or a forest",
    "If": "export the model with fixed input sizes so that the branch is known",
    "IsNaN": "in place of QuantileTransformer take RobustScaler or StandardScaler",
    "Cast": "in place of KBinsDiscretizer train a tree, which chooses bins by itself",
    "ai.onnx.ml.ArrayFeatureExtractor": (
        "what looks numbers up in a table, as CategoricalNB and isotonic calibration do:"
        " train a forest"
    ),
    "Dropout": "it is in training mode: export the model in evaluation mode",
}
