"""A graph as text and back: for people to read and for golden tests to compare.

    graph digits
    input x f32[1,8,8,1]
    y f32[1,8,8,4] = conv_2d(x, weights f32[4,3,3,1], bias f32[4]{0, 0, 0, 0}) pad_top=1 pad_left=1
    output y

A constant stands where it is read, with its values if it has no more than eight.
"""

import ast
import re
from typing import Any
from zlib import crc32

import numpy as np

from .graph import Graph, Node, Value, constant
from .tensor import Array

_VALUES_SHOWN = 8

_ARRAY_TYPES = {
    "f32": np.float32,
    "s4": np.int8,
    "s8": np.int8,
    "s16": np.int16,
    "s32": np.int32,
    "s64": np.int64,
    "u8": np.uint8,
    "bool": np.bool_,
}


def format_graph(graph: Graph) -> str:
    lines = [f"graph {graph.name}".rstrip()]
    for value in graph.inputs:
        order = value.onnx_permutation
        lines.append(f"input {_typed(value)}" + (f" onnx_permutation={order}" if order else ""))
    lines += [_format_node(node) for node in graph.nodes]
    lines += [f"output {value.name}" for value in graph.outputs]
    return "\n".join(lines) + "\n"


def _format_node(node: Node) -> str:
    outputs = ", ".join(_typed(value) for value in node.outputs)
    operands = ", ".join("-" if value is None else _operand(value) for value in node.inputs)
    attrs = "".join(f" {key}={_literal(value)}" for key, value in node.attrs.items())
    return f"{outputs} = {node.op}({operands}){attrs}"


def _typed(value: Value) -> str:
    return f"{value.name} {value.dtype}[{','.join(map(str, value.shape))}]"


def _operand(value: Value) -> str:
    if value.constant is None:
        return value.name
    if value.constant.size > _VALUES_SHOWN:
        return _typed(value)
    values = ", ".join(_number(item) for item in value.constant.reshape(-1).tolist())
    return f"{_typed(value)}{{{values}}}"


def _number(item: float) -> str:
    return f"{item:.7g}" if isinstance(item, float) else str(item)


def _literal(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array{list(value.shape)}"
    if isinstance(value, float):
        return _number(value) if value % 1 else repr(value)
    if isinstance(value, tuple | list):
        items = ", ".join(_literal(item) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return repr(value)


def parse_graph(text: str) -> Graph:
    """The graph of a text; a constant without values gets seeded normal ones."""
    graph = Graph()
    values: dict[str, Value] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "graph":
            graph.name = rest
        elif word == "input":
            declaration, _, order = rest.partition(" onnx_permutation=")
            value = _declared(declaration)
            value.onnx_permutation = ast.literal_eval(order) if order else None
            graph.inputs.append(values.setdefault(value.name, value))
        elif word == "output":
            graph.outputs.append(values[rest])
        else:
            graph.insert(_parse_node(line, values))
    return graph


_NODE = re.compile(r"(?P<outputs>.*?) = (?P<op>\w+)\((?P<inputs>.*?)\)(?P<attrs>( \w+=.*)?)$")
_TYPED = re.compile(r"(?P<name>\S+) (?P<dtype>\w+)\[(?P<shape>[\d,]*)\](\{(?P<values>.*)\})?$")


def _parse_node(line: str, values: dict[str, Value]) -> Node:
    match = _NODE.match(line)
    if not match:
        raise ValueError(f"not a node: {line}")
    inputs: list[Value | None] = []
    for operand in _split(match["inputs"]):
        if operand != "-" and operand not in values:
            value = _declared(operand, as_constant=True)
            values[value.name] = value
            operand = value.name
        inputs.append(None if operand == "-" else values[operand])
    outputs = [_declared(output) for output in _split(match["outputs"])]
    values.update({output.name: output for output in outputs})
    attrs = {}
    for attr in re.split(r" (?=\w+=)", match["attrs"].strip()):
        if attr:
            key, _, literal = attr.partition("=")
            attrs[key] = ast.literal_eval(literal)
    return Node(match["op"], inputs, outputs, attrs, outputs[0].name)


def _split(text: str) -> list[str]:
    """At commas outside of brackets."""
    return [part.strip() for part in re.split(r",\s+(?![^{\[]*[}\]])", text) if part.strip()]


def _declared(text: str, as_constant: bool = False) -> Value:
    match = _TYPED.match(text)
    if not match:
        raise ValueError(f"not a declaration: {text}")
    shape = tuple(int(size) for size in match["shape"].split(",") if size)
    if not as_constant:
        return Value(match["name"], shape, match["dtype"])
    return constant(match["name"], _array(match, shape))


def _array(match: "re.Match[str]", shape: tuple[int, ...]) -> Array:
    dtype = _ARRAY_TYPES[match["dtype"]]
    if match["values"] is not None:
        items = [float(item) for item in match["values"].split(",") if item.strip()]
        return np.array(items).astype(dtype).reshape(shape)
    rng = np.random.default_rng(crc32(match["name"].encode()))
    return np.asarray(rng.standard_normal(shape)).astype(dtype)
