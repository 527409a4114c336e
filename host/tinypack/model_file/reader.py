"""Bytes of a model file to ModelSpec, through the same reader that boards use."""

import json

from tinyinfer.model_file import DTYPE_NAMES, ModelFile

from ..errors import PackError
from ..optable import BY_CODE
from .spec import GoldenSpec, ModelSpec, NodeSpec, QuantizerSpec, TensorSpec


def read_model(data: bytes) -> ModelSpec:
    """PackError when the file is damaged or made by a newer version."""
    try:
        file = ModelFile(data)
        file.verify()
        return ModelSpec(
            tensors=tuple(_tensor(file, i) for i in range(file.tensor_count)),
            nodes=tuple(_node(file, i) for i in range(file.node_count)),
            inputs=tuple(file.inputs),
            outputs=tuple(file.outputs),
            arena_bytes=file.arena_bytes,
            state_bytes=file.state_bytes,
            families=file.families(),
            labels=file.labels(),
            metadata=json.loads(file.metadata() or "{}"),
            golden=tuple(
                GoldenSpec(g.seed, bytes(g.input), bytes(g.output), tuple(g.node_crc))
                for g in map(file.golden, range(file.golden_count()))
            ),
        )
    except ValueError as error:
        raise PackError(f"{error}; pack the model again") from error


def _tensor(file: ModelFile, index: int) -> TensorSpec:
    tensor = file.tensor(index)
    return TensorSpec(
        shape=tuple(tensor.shape),
        dtype=DTYPE_NAMES[tensor.dtype],
        zero_point=tensor.zero_point,
        scale=tensor.scale,
        offset=tensor.offset,
        data=bytes(file.buffer(tensor.buffer)) if tensor.offset == -1 else None,
        name=tensor.name,
        quantizer=QuantizerSpec(*tensor.quantizer) if tensor.quantizer else None,
    )


def _node(file: ModelFile, index: int) -> NodeSpec:
    node = file.node(index)
    op = BY_CODE.get(node.op)
    if op is None:
        raise ValueError(f"node {index}: unknown operator {node.op}")
    values = [*node.attrs, *(attr.default for attr in op.attrs[len(node.attrs) :])]
    return NodeSpec(
        op.name,
        tuple(node.inputs),
        tuple(node.outputs),
        {attr.name: value for attr, value in zip(op.attrs, values, strict=False)},
        node.scratch,
        node.name,
    )
