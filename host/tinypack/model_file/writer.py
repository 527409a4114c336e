"""ModelSpec to the bytes of a model file: FlatBuffer, 16-byte aligned constants, CRC-32."""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np

from ..optable import OPS
from .schema import Field, Schema, load_schema
from .spec import GoldenSpec, ModelSpec, NodeSpec, TensorSpec

FORMAT_MAJOR = 1
FORMAT_MINOR = 0


def write_model(model: ModelSpec) -> bytes:
    """The file's bytes; equal models give equal bytes."""
    schema = load_schema()
    buffers = list(dict.fromkeys(t.data for t in model.tensors if t.data is not None))
    dtypes = schema.enums["DType"]
    values = {
        "version_major": FORMAT_MAJOR,
        "version_minor": FORMAT_MINOR,
        "tensors": [_tensor(t, dtypes, buffers) for t in model.tensors],
        "buffers": [{"data": data} for data in buffers],
        "nodes": [_node(node) for node in model.nodes],
        "inputs": model.inputs,
        "outputs": model.outputs,
        "arena_bytes": model.arena_bytes,
        "state_bytes": model.state_bytes,
        "families": [{"family": k, "arena": v} for k, v in sorted(model.families.items())],
        "labels": model.labels,
        "metadata": json.dumps(model.metadata, ensure_ascii=False, separators=(",", ":"))
        if model.metadata
        else "",
        "golden": [_golden(golden) for golden in model.golden],
    }
    builder = flatbuffers.Builder(1024)
    root = _write_table(builder, schema, schema.root, values)
    # The length too becomes a multiple of 16, which the CRC's place follows from.
    builder.minalign = max(builder.minalign, 16)
    builder.Finish(root, file_identifier=schema.identifier.encode())
    file = bytes(builder.Output())
    return file + struct.pack("<I", zlib.crc32(file))


def _tensor(
    tensor: TensorSpec, dtypes: Mapping[str, int], buffers: Sequence[bytes]
) -> dict[str, Any]:
    values = {
        "shape": tensor.shape,
        "dtype": dtypes[tensor.dtype],
        "zero_point": tensor.zero_point,
        "offset": tensor.offset,
        "scale": tensor.scale,
        "name": tensor.name,
    }
    if tensor.data is not None:
        values |= {"offset": -1, "buffer": buffers.index(tensor.data)}
    if tensor.quantizer is not None:
        values["quantizer"] = vars(tensor.quantizer)
    return values


def _node(node: NodeSpec) -> dict[str, Any]:
    op = OPS[node.op]
    unknown = set(node.attrs) - {attr.name for attr in op.attrs}
    if unknown:
        raise ValueError(f"{node.op} has no attribute {', '.join(sorted(unknown))}")
    attrs = [int(node.attrs.get(attr.name, attr.default)) for attr in op.attrs]
    while attrs and attrs[-1] == op.attrs[len(attrs) - 1].default:
        attrs.pop()
    return {
        "op": op.code,
        "inputs": node.inputs,
        "outputs": node.outputs,
        "attrs": attrs,
        "scratch": node.scratch,
        "name": node.name,
    }


def _golden(golden: GoldenSpec) -> dict[str, Any]:
    return dict(vars(golden))


def _write_table(
    builder: flatbuffers.Builder, schema: Schema, table: str, values: Mapping[str, Any]
) -> int:
    """Writes what the table points to, then the table; returns its place."""
    fields = schema.tables[table]
    places = {
        i: _write_target(builder, schema, field, values[field.name])
        for i, field in enumerate(fields)
        if (field.vector or not schema.scalar(field.type)) and values.get(field.name)
    }
    builder.StartObject(len(fields))
    for i, field in enumerate(fields):
        if i in places:
            builder.PrependUOffsetTRelativeSlot(i, places[i], 0)
        elif field.name in values and not field.vector and (kind := schema.scalar(field.type)):
            default = field.default if kind == "float32" else int(field.default)
            prepend = getattr(builder, f"Prepend{kind.capitalize()}Slot")
            prepend(i, values[field.name], default)
    return int(builder.EndObject())


def _write_target(builder: flatbuffers.Builder, schema: Schema, field: Field, value: Any) -> int:
    """A string, table or vector; returns its place."""
    if not field.vector:
        if field.type == "string":
            return int(builder.CreateString(value))
        return _write_table(builder, schema, field.type, value)
    if isinstance(value, bytes):
        builder.Prep(max(field.align, 1), len(value))
        return int(builder.CreateByteVector(value))
    if kind := schema.scalar(field.type):
        return int(builder.CreateNumpyVector(np.array(value, kind)))
    element = Field(field.name, field.type, False, 0, 0)
    places = [_write_target(builder, schema, element, item) for item in value]
    builder.StartVector(4, len(places), 4)
    for place in reversed(places):
        builder.PrependUOffsetTRelative(place)
    return int(builder.EndVector())
