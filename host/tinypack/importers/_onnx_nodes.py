"""Nodes, types and numbers of ONNX as those of the graph and back, and what a node computes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from ..ir import Array, Node, Value
from ..ir.tensor import dtype_of
from ._integer_operators import expanded

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
DTYPES: dict[int, str] = {
    TensorProto.INT8: "s8",
    TensorProto.INT16: "s16",
    TensorProto.INT32: "s32",
    TensorProto.INT64: "s64",
    TensorProto.UINT8: "u8",
    TensorProto.UINT16: "u16",
    TensorProto.UINT32: "u32",
    TensorProto.UINT64: "u64",
    TensorProto.BOOL: "bool",
    TensorProto.INT4: "s4",
    TensorProto.UINT4: "u4",
} | dict.fromkeys(map(int, _FLOATS), "f32")
ELEMENT_TYPES: dict[str, int] = {dtype: number for number, dtype in DTYPES.items()}
ELEMENT_TYPES["f32"] = TensorProto.FLOAT
RESIZED = ("Resize", "Upsample")


def steps(proto: onnx.NodeProto) -> list[onnx.NodeProto]:
    """A node as the nodes of ONNX that it stands for."""
    if proto.op_type in ("QuantizeLinear", "DequantizeLinear"):
        # onnxruntime has its own for types that ONNX took later.
        node = onnx.NodeProto()
        node.CopyFrom(proto)
        node.domain = "" if proto.domain == "com.microsoft" else proto.domain
        return [node]
    attrs = {attribute.name: attribute.i for attribute in proto.attribute}
    output = proto.output[0] if proto.output else ""
    steps = expanded(proto.op_type, proto.input, output, attrs)
    if steps is None:
        return [proto]
    nodes = []
    for step in steps:
        node = helper.make_node(step.op, step.inputs, [step.output], proto.name)
        node.attribute.extend(helper.make_attribute(key, n) for key, n in step.attrs.items())
        if step.like_source:
            node.attribute.extend(
                a for a in proto.attribute if a.name not in ("channels_last", "opset")
            )
        nodes.append(node)
    return nodes


def placeholder(value: Value) -> Array:
    """The constant, or for Shape and Size anything of the shape, in no memory."""
    if value.constant is not None:
        return value.constant
    return np.broadcast_to(np.float32(0), value.shape)


def type_of(proto: onnx.TypeProto, least: int = 1) -> tuple[tuple[int, ...], str]:
    tensor = proto.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
    if not tensor.HasField("shape") or min(dims, default=1) < least:
        raise ValueError(f"shape {dims}")
    if tensor.elem_type not in DTYPES:
        raise ValueError(f"elements of type {tensor.elem_type}")
    return tuple(dims), DTYPES[tensor.elem_type]


def resized_shape(proto: onnx.NodeProto, inputs: Sequence[Value | None]) -> tuple[int, ...] | None:
    """Sizes times scales, multiplied in float32 as onnxruntime does: 24 * 20/24 is 20, where onnx
    finds 19. None if a node gives its sizes itself or scales some axes only."""
    x, *_, scales = (*inputs, None, None)[: 2 if proto.op_type == "Upsample" else 3]
    if x is None or scales is None or not scales.is_constant or scales.data.size != x.rank:
        return None
    sizes = np.array(x.shape, np.float32) * scales.data.reshape(-1).astype(np.float32)
    return tuple(np.floor(sizes).astype(int).tolist())


def plain(array: Array) -> Array:
    """Every float as float32; integers of less than eight bits as eight."""
    array = np.asarray(array)
    if array.dtype.kind in "iub" or array.dtype == np.float32:
        return array
    if array.dtype.kind in "OUS":
        raise ValueError("it holds text")
    if array.dtype.name in ("int4", "int2"):
        return array.astype(np.int8)
    if array.dtype.name in ("uint4", "uint2"):
        return array.astype(np.uint8)
    return array.astype(np.float32)


def attribute_of(proto: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(proto)
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case TensorProto():
            return plain(numpy_helper.to_array(value))
        case int() | float():
            return value
        case onnx.GraphProto() | onnx.SparseTensorProto() | onnx.TypeProto():
            return proto.name
    items = [
        item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value
    ]
    return tuple(items)


def node_proto(node: Node) -> onnx.NodeProto:
    attrs = {
        key: numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for key, value in node.attrs.items()
        if value != ()
    }
    inputs = [value.name if value is not None else "" for value in node.inputs]
    return helper.make_node(node.op, inputs, [value.name for value in node.outputs], **attrs)


def compute(proto: onnx.NodeProto, inputs: Sequence[Array | None], opset: int) -> list[Array]:
    """Outputs of one node, by ONNX's own reference."""
    feeds = {key: array for key, array in zip(proto.input, inputs, strict=True) if key}
    graph = helper.make_graph(
        [proto],
        "node",
        [
            helper.make_tensor_value_info(key, ELEMENT_TYPES[dtype_of(array)], array.shape)
            for key, array in feeds.items()
            if array is not None
        ],
        [helper.make_empty_tensor_value_info(key) for key in proto.output if key],
    )
    with np.errstate(all="ignore"):
        results = ReferenceEvaluator(graph, opsets={"": opset}).run(None, feeds)
    arrays = iter(results)
    return [plain(next(arrays)) if key else np.empty(0) for key in proto.output]
