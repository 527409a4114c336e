"""Records of a model file, named as in model.fbs. Plain data: nothing here checks or computes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Bits of one element, by the names of model.fbs' DType.
BITS = {"s8": 8, "s4": 4, "s16": 16, "s32": 32, "u8": 8, "f32": 32}


@dataclass(frozen=True)
class QuantizerSpec:
    """Float input to integers: one entry, or one per element of the last axis."""

    multiplier: tuple[int, ...]
    shift: tuple[int, ...]
    offset: tuple[int, ...]


@dataclass(frozen=True)
class TensorSpec:
    """A constant has `data` in the layout of its operator; the others lie at `offset`, those that
    are `state` before all others.

    `inside` (tensor, bytes) tells the plan that this one begins so far behind that one's start.
    """

    shape: tuple[int, ...]
    dtype: str
    zero_point: int = 0
    scale: float = 0.0
    offset: int = -1
    data: bytes | None = None
    name: str = ""
    quantizer: QuantizerSpec | None = None
    inside: tuple[int, int] | None = None
    state: bool = False


@dataclass(frozen=True)
class NodeSpec:
    """`op` and the keys of `attrs` are names of ops.def; an attribute left out has its default."""

    op: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    attrs: Mapping[str, int] = field(default_factory=dict)
    scratch: int = -1
    name: str = ""


@dataclass(frozen=True)
class GoldenSpec:
    """One input and what it gives; without `input` it comes from the generator at `seed`."""

    seed: int = 0
    input: bytes = b""
    output: bytes = b""
    node_crc: tuple[int, ...] = ()


@dataclass(frozen=True)
class ModelSpec:
    """A whole file. Nodes stand in execution order; tensors are named by their index."""

    tensors: tuple[TensorSpec, ...]
    nodes: tuple[NodeSpec, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    arena_bytes: int
    state_bytes: int = 0
    families: Mapping[str, int] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    golden: tuple[GoldenSpec, ...] = ()
