"""Multiply-accumulates of an ONNX graph, counted from its shapes alone."""

from math import prod

import onnx


def count_macs(model: onnx.ModelProto) -> int:
    """Every kernel tap counts, those over padding included; only Conv, Gemm and MatMul count."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {tensor.name: list(tensor.dims) for tensor in inferred.initializer}
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        shapes[value.name] = [size.dim_value for size in value.type.tensor_type.shape.dim]
    macs = 0
    for node in inferred.node:
        if node.op_type == "Conv":
            macs += prod(shapes[node.output[0]]) * prod(shapes[node.input[1]][1:])
        elif node.op_type in ("Gemm", "MatMul"):
            transposed = any(a.name == "transA" and a.i for a in node.attribute)
            inner = shapes[node.input[0]][0 if transposed else -1]
            macs += prod(shapes[node.output[0]]) * inner
    return macs
