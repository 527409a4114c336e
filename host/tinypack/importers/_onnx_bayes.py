"""GaussianNB: skl2onnx adds squares of any size, which no 16 bits hold; here what decides is kept.

The logarithm of a class is log(prior) - sum(log(2 pi sigma)) / 2 - sum(t * t), with
t = (x - theta) / sqrt(2 sigma). Beyond a bound on t no class is likely, so t ends there; before,
every feature gets one scale.
"""

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import helper, numpy_helper

# t * t up to 128: of two classes the other one is e^128 times as likely, by one feature.
_BOUND = float(np.sqrt(128.0))
_NAMES = ("theta", "sigma", "sigma_sum_log", "jointi")
_PREFIX = "gaussian_nb"


def bound_squares(graph: onnx.GraphProto) -> None:
    """Of each model in the graph: skl2onnx numbers the names of all but the first."""
    for tensor in list(graph.initializer):
        number = tensor.name.removeprefix(_NAMES[0])
        if tensor.name.startswith(_NAMES[0]) and (number.isdecimal() or not number):
            _bound(graph, number)


def _bound(graph: onnx.GraphProto, number: str) -> None:
    names = [f"{name}{number}" for name in _NAMES]
    own = {t.name: t for t in graph.initializer if t.name in names}
    first = next((node for node in graph.node if names[0] in node.input), None)
    behind = set(first.output) if first is not None else set()
    after = []
    for node in graph.node:
        if behind & set(node.input):
            behind |= set(node.output)
            after.append(node)
    last = next((node for node in after if node.op_type == "Exp"), None)
    sums = next((node for node in after if node.op_type == "ReduceSum"), None)
    if len(own) < len(_NAMES) or first is None or last is None or sums is None:
        return
    theta, sigma, logs, priors = (
        numpy_helper.to_array(own[name])[0].astype(np.float64) for name in names
    )
    source = next(node.input[0] for node in graph.node if first.input[0] in node.output)
    middle = theta.mean(0)
    reach = np.sqrt(sigma.max(0) + theta.var(0))
    by_class = 1 / np.sqrt(2 * sigma)

    nodes: list[onnx.NodeProto] = []

    def add(op: str, *inputs: str | ArrayLike) -> str:
        names = []
        for value in inputs:
            if not isinstance(value, str):
                array = np.asarray(value)
                kind = np.int64 if array.dtype.kind == "i" else np.float32
                name = f"{_PREFIX}_constant_{len(graph.initializer)}"
                graph.initializer.append(numpy_helper.from_array(array.astype(kind), name))
                value = name
            names.append(value)
        name = f"{_PREFIX}{number}_{len(nodes)}"
        nodes.append(helper.make_node(op, names, [name], name))
        return name

    z = add("Mul", add("Sub", source, middle), 1 / reach)
    z = add("Reshape", z, np.array([-1, 1, len(middle)]))
    t = add("Add", add("Mul", z, by_class * reach), (middle - theta) * by_class)
    t = add("Min", add("Max", t, -_BOUND), _BOUND)
    squares = add("Mul", t, t)
    # As the file's opset has it.
    total = onnx.NodeProto()
    total.CopyFrom(sums)
    total.input[0], total.output[0] = squares, f"{_PREFIX}{number}_sum"
    nodes.append(total)
    scores = add("Sub", logs + priors, total.output[0])
    nodes.append(helper.make_node("Softmax", [scores], last.output, axis=1))
    place = list(graph.node).index(last)
    graph.node.remove(last)
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*rest[:place], *nodes, *rest[place:]])
