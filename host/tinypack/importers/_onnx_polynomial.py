"""PolynomialFeatures of scikit-learn: a product per column, as products of whole rows."""

from itertools import groupby
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ._onnx_scores import makers_of


def join_products(graph: onnx.GraphProto) -> None:
    makers = makers_of(graph)
    constants = {tensor.name: tensor for tensor in graph.initializer}

    def factors(name: str) -> tuple[str, tuple[int, ...]] | None:
        """The row and the features of it that a column is the product of; none: it is 1."""
        node = makers.get(name, onnx.NodeProto())
        if node.op_type == "ConstantOfShape":
            return "", ()
        if node.op_type == "ReduceProd":
            picked = makers.get(node.input[0], onnx.NodeProto())
            if picked.op_type == "ArrayFeatureExtractor" and picked.input[1] in constants:
                indices = numpy_helper.to_array(constants[picked.input[1]]).reshape(-1)
                return picked.input[0], tuple(indices.tolist())
        return None

    for join in list(graph.node):
        columns = [factors(name) for name in join.input] if join.op_type == "Concat" else []
        found = [column for column in columns if column is not None]
        rows = {row for row, _ in found if row}
        if len(found) == len(columns) and len(rows) == 1:
            _replace(graph, join, rows.pop(), [features for _, features in found])


def _replace(
    graph: onnx.GraphProto, join: onnx.NodeProto, row: str, columns: list[tuple[int, ...]]
) -> None:
    place = list(graph.node).index(join)
    parts: list[str] = []

    def constant(array: np.ndarray) -> str:
        name = f"{join.output[0]}/constant_{len(graph.initializer)}"
        graph.initializer.append(numpy_helper.from_array(array, name))
        return name

    def add(op: str, *inputs: str, **attrs: Any) -> str:
        nonlocal place
        name = f"{join.output[0]}/{op}_{place}"
        graph.node.insert(place, helper.make_node(op, inputs, [name], name, **attrs))
        place += 1
        return name

    for degree, group in groupby(columns, len):
        features = np.array(list(group), np.int64)
        if degree == 0:
            parts.append(constant(np.ones((1, len(features)), np.float32)))
            continue
        product = ""
        for picked in features.T:
            factor = add("Gather", row, constant(picked.copy()), axis=1)
            product = add("Mul", product, factor) if product else factor
        parts.append(product)
    del join.input[:]
    join.input.extend(parts)
