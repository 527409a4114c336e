"""KMeans of scikit-learn: distances to centres, of which the least one names the cluster.

The greatest of x · c - |c|² / 2 names the same one: half of -|x - c|², less what is the same for
all c. Like the scores of a classifier it is greatest where the answer is, and it is one layer.
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from ._onnx_scores import makers_of


def score_clusters(graph: onnx.GraphProto) -> None:
    makers = makers_of(graph)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for least in graph.node:
        if least.op_type != "ArgMin":
            continue
        total = makers.get(least.input[0], onnx.NodeProto())
        products = [
            node
            for name in total.input
            for inner in makers.get(name, onnx.NodeProto()).input
            if (node := makers.get(inner)) is not None and node.op_type == "Gemm"
        ]
        squares = [constants[name] for name in total.input if name in constants]
        roots = [
            node
            for node in graph.node
            if node.op_type == "Sqrt" and node.input[0] == least.input[0]
        ]
        if len(products) != 1 or len(squares) != 1 or len(roots) != 1:
            continue
        (product,), (root,) = products, roots
        if root.output[0] not in {output.name for output in graph.output}:
            continue
        if product.input[1] not in constants:
            continue
        centres = numpy_helper.to_array(constants[product.input[1]]).astype(np.float64)
        half = -numpy_helper.to_array(squares[0]).reshape(-1).astype(np.float64) / 2
        # What all have in common would take up the integers' range.
        arrays = {"centres": centres - centres.mean(0), "half_squares": half - half.mean()}
        names = [f"{root.output[0]}/{key}" for key in arrays]
        for name, array in zip(names, arrays.values(), strict=True):
            graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
        root.CopyFrom(
            helper.make_node("Gemm", [product.input[0], *names], root.output, root.name, transB=1)
        )
