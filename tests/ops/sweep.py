"""Turns tests/ops/<op>.toml into models of one node, with what the plain Python engine gives.

A file has one table [tensors] (inputs in order, then outputs), one table [attributes] and any
number of [[sweep]]. Every value of a sweep is a list, and the lists multiply: each combination is
a case, unless its `where` says no; `take` keeps a seeded choice of that many. All other strings
are expressions over the names of the case.

    tensors.NAME.shape    the sizes
    tensors.NAME.dtype    `type` of the case, or s8, unless told
    tensors.NAME.fill     what a constant holds, one of FILLS; without it the tensor lies in the
                          arena
    tensors.NAME.constant whether it is one, where that is part of the case
    tensors.NAME.zero_point  what `zero_points` does not say
    tensors.NAME.when     whether the case has it
    tensors.NAME.state    whether it is kept between runs; an output that the model does not show
    zero_points           of the first input and the output, if the case has that name
"""

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
import tomllib
from tinyinfer.engine import Engine
from tinyinfer.model_file import crc32
from tinypack.model_file import GoldenSpec, ModelSpec, NodeSpec, TensorSpec, write_model
from tinypack.model_file.layout import pack_params, pack_weights, phases
from tinypack.ops._recurrent import sigmoid_table
from tinypack.plan import apply_plan, plan_memory

FOLDER = Path(__file__).parent
RANGES = {
    "s8": (-128, 127),
    "s4": (-8, 7),
    "s16": (-(1 << 15), (1 << 15) - 1),
    "s32": (-(1 << 31), (1 << 31) - 1),
}
NUMPY = {"s8": np.int8, "s4": np.int8, "s16": np.int16, "s32": np.int32}


@dataclass(frozen=True)
class Case:
    """A model of one node in two plans: `tight` shares memory as SPEC.md lets, `apart` never."""

    name: str
    tight: ModelSpec
    apart: ModelSpec


def operators() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def cases(op: str) -> list[Case]:
    table = tomllib.loads((FOLDER / f"{op}.toml").read_text(encoding="utf-8"))
    found = []
    for number, sweep in enumerate(table["sweep"]):
        for values in _combinations(f"{op}-{number}", dict(sweep)):
            name = f"{op}-{number}-{len(found)}"
            found.append(_case(op, name, table, values))
    return found


def _combinations(seed: str, sweep: dict[str, Any]) -> Iterator[dict[str, Any]]:
    where, take = sweep.pop("where", "True"), sweep.pop("take", None)
    names = list(sweep)
    product = [
        values
        for combination in itertools.product(*sweep.values())
        if _evaluate(where, values := dict(zip(names, combination, strict=True)))
    ]
    if take is not None and take < len(product):
        product = random.Random(seed).sample(product, take)
    return iter(product)


def windows(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int = 1
) -> int:
    """How many windows fit."""
    return (before + size + after - (kernel - 1) * dilation - 1) // stride + 1


def _evaluate(expression: Any, names: Mapping[str, Any]) -> Any:
    if not isinstance(expression, str):
        return expression
    return eval(_compiled(expression), {"windows": windows, **names})


@cache
def _compiled(expression: str) -> CodeType:
    return compile(expression, expression, "eval")


def _case(op: str, name: str, table: dict[str, Any], values: dict[str, Any]) -> Case:
    rng = np.random.default_rng(crc32(name.encode()))
    names = dict(values)
    tensors: list[TensorSpec] = []
    outputs = [n for n in table["tensors"] if n.startswith("y")]
    zero_points = list(values.get("zero_points", [0, 0]))
    present = {
        name: about
        for name, about in table["tensors"].items()
        if _evaluate(about.get("when", True), names)
    }
    for tensor_name, about in present.items():
        shape = tuple(_evaluate(about["shape"], names))
        dtype = _evaluate(about.get("dtype", "type"), {"type": "s8"} | names)
        data = None
        if "fill" in about and _evaluate(about.get("constant", True), names):
            constant = FILLS[about["fill"]](rng, shape, dtype, names)
            data = _stored(op, about["fill"], constant, dtype, names)
            names[tensor_name] = constant
        role = -1 if tensor_name in outputs else len(tensors)
        plain = data is None and "state" not in about
        zero_point = (
            zero_points[role] if role < len(zero_points) and plain else about.get("zero_point", 0)
        )
        zero_point = int(_evaluate(zero_point, names))
        tensor = TensorSpec(shape, dtype, zero_point, scale=0.5, data=data, name=tensor_name)
        tensors.append(replace(tensor, state=bool(_evaluate(about.get("state", False), names))))
    places = {n: i for i, n in enumerate(present)}
    inputs = [i for n, i in places.items() if n not in outputs]
    node = NodeSpec(
        op,
        tuple(inputs),
        tuple(places[n] for n in outputs),
        {n: int(_evaluate(e, names)) for n, e in table.get("attributes", {}).items()},
    )
    fed = tuple(i for i in inputs if tensors[i].data is None)
    model = ModelSpec(tuple(tensors), (node,), fed, node.outputs[:1], 0)
    # an input that is an output of the model too must survive
    kept = apply_plan(model, plan_memory(replace(model, outputs=model.outputs + fed)))
    tight = apply_plan(model, plan_memory(model))
    golden = _golden(tight, _inputs(rng, model))
    return Case(name, replace(tight, golden=golden), replace(kept, golden=golden))


def _stored(op: str, fill: str, data: np.ndarray, dtype: str, names: Mapping[str, Any]) -> bytes:
    """The bytes of a constant, in the layout of its operator."""
    groups = names.get("groups", 1)
    if fill in ("weights", "params") and op == "transpose_conv_2d":
        return _phases(fill, data, dtype, names)
    if fill == "weights":
        return pack_weights(op, dtype, data, groups)
    if fill == "params":
        return pack_params(op, names["weights"], data, groups)
    return data.astype(NUMPY[dtype]).tobytes()


def _phases(fill: str, data: np.ndarray, dtype: str, names: Mapping[str, Any]) -> bytes:
    """Weights of all phases, or params, which differ from phase to phase."""
    parts = phases(names["k"] if fill == "params" else data, names["stride"])
    if fill == "weights":
        return b"".join(pack_weights("conv_2d", dtype, part, names["groups"]) for part in parts)
    return b"".join(
        pack_params("conv_2d", names["weights"], np.roll(data, i, axis=0), names["groups"])
        for i in range(len(parts))
    )


# What constants hold


def _weights(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """By `fill_weights`: random as the packager's, without the lowest value; or all values."""
    low, high = RANGES[dtype]
    match names.get("fill_weights", "random"):
        case "random":
            return rng.integers(low + 1, high + 1, shape)
        case "wide":
            return rng.integers(low, high + 1, shape)
        case "lowest":
            return np.full(shape, low)
        case "highest":
            return np.full(shape, high)
        case other:
            raise ValueError(other)


def _params(
    rng: np.random.Generator, shape: tuple[int, ...], _dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """By `fill_params`: outputs that spread over their type; or all that the format allows."""
    channels, weights = shape[0], names["k"]
    multiplier = rng.integers(1 << 30, 1 << 31, channels)
    if names.get("fill_params", "fit") == "fit":
        elements = names.get("type", "s8")
        spread = (
            0.58
            * RANGES[elements][1]
            * np.sqrt(np.square(weights.reshape(channels, -1)).sum(axis=1))
            + 1
        )
        target = RANGES[names.get("out", elements)][1] / 2
        shift = np.floor(np.log2(target / spread)).astype(np.int64)
        bias = rng.normal(0, spread / 2, channels).astype(np.int64)
    else:
        limits = [-(1 << 31), (1 << 31) - 1, 0, 1, -1]
        bias = np.where(
            rng.random(channels) < 0.5,
            rng.choice(limits, channels),
            rng.integers(-(1 << 31), 1 << 31, channels),
        )
        multiplier = np.where(
            rng.random(channels) < 0.5,
            rng.choice([0, 1 << 20, 1 << 30, (1 << 31) - 1], channels),
            multiplier,
        )
        shift = rng.integers(-31, 31, channels)
    return np.stack([bias, multiplier, shift], axis=1)


def _gates(
    rng: np.random.Generator, shape: tuple[int, ...], _dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """Of a recurrent operator, by `fill_params` as _params: sums that move the gates."""
    rows = [_sums(rng, names["k"], names["type"], 8000, names)]
    rows.append(_sums(rng, names["r"], "s16", 8000, names))
    return np.concatenate(rows).reshape(shape)


def _filters(
    rng: np.random.Generator, shape: tuple[int, ...], _dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """Of svdf, by `fill_params` as _params: sums that spread over the state and the output."""
    of_time = names["t"].reshape(names["units"], -1)
    rows = [_sums(rng, names["k"], names["type"], RANGES[names["kept"]][1] / 2, names)]
    rows.append(_sums(rng, of_time, names["kept"], RANGES[names["out"]][1] / 2, names))
    return np.concatenate(rows).reshape(shape)


def _sums(
    rng: np.random.Generator, weights: np.ndarray, of: str, target: float, names: Mapping[str, Any]
) -> np.ndarray:
    """Params of rows of weights whose operands are `of` a type."""
    if names.get("fill_params", "fit") != "fit":
        return _params(rng, (len(weights), 3), "s32", {**names, "k": weights})
    spread = 0.58 * (RANGES[of][1] + 1) * np.sqrt(np.square(weights).sum(axis=1)) + 1
    shift = np.floor(np.log2(target / spread)).astype(np.int64)
    bias = rng.normal(0, spread / 2).astype(np.int64)
    multiplier = rng.integers(1 << 30, 1 << 31, len(weights))
    return np.stack([bias, multiplier, shift], axis=1)


def _curve(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """By `fill_params`: the packager's table, or all that the format allows."""
    if names.get("fill_params", "fit") == "fit":
        return sigmoid_table()
    return _elements(rng, shape, dtype, names)


def _elements(
    rng: np.random.Generator, shape: tuple[int, ...], dtype: str, _names: Mapping[str, Any]
) -> np.ndarray:
    low, high = RANGES[dtype]
    return rng.integers(low, high + 1, shape)


def _indices(
    rng: np.random.Generator, shape: tuple[int, ...], _dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """Of axis `axis` of `shape`, some of them just outside."""
    size = names["shape"][names["axis"]]
    return rng.choice([rng.integers(0, size, shape), rng.integers(-1, size + 1, shape)])


def _factors(
    rng: np.random.Generator, shape: tuple[int, ...], _dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """Of normalize: factor and offset, as the packager's or all that the format allows."""
    if names["fill_factors"] == "random":
        factor = rng.integers(-(1 << 15), 1 << 15, shape[0])
        return np.stack([factor, rng.integers(-(1 << 29), 1 << 29, shape[0])], axis=1)
    low, high = RANGES["s32"]
    return rng.choice([low, high, -1, 0, 1], shape)


def _trees(
    rng: np.random.Generator, _shape: tuple[int, ...], _dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """Of tree_ensemble: `trees` trees of `size` leaves each, in preorder."""
    low, high = RANGES[names["type"]]

    def tree(size: int) -> list[list[int]]:
        if size == 1:
            # Any negative feature marks a leaf.
            return [[int(rng.choice([-1, -(1 << 15)])), int(rng.integers(names["leaves"])), 0]]
        left = tree(int(rng.integers(1, size)))
        feature = int(rng.integers(names["shape"][-1]))
        threshold = int(rng.choice([low - (low > -(1 << 15)), high, rng.integers(low, high + 1)]))
        right = tree(size - (len(left) + 1) // 2)
        return [[feature, threshold, len(left) + 1], *left, *right]

    return np.array([node for _ in range(names["trees"]) for node in tree(names["size"])])


def _roots(
    rng: np.random.Generator, shape: tuple[int, ...], _dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """Of tree_ensemble: where each tree begins, and the first class that its leaves add to."""
    first = rng.integers(0, names["classes"] - names["width"] + 1, shape[0])
    return np.stack([np.arange(shape[0]) * (2 * names["size"] - 1), first], axis=1)


def _bias(
    rng: np.random.Generator, shape: tuple[int, ...], _dtype: str, names: Mapping[str, Any]
) -> np.ndarray:
    """By `fill_params`: as large as some leaves, or all that the format allows."""
    return _elements(rng, shape, "s16" if names["fill_params"] == "fit" else "s32", names)


FILLS: dict[str, Callable[..., np.ndarray]] = {
    "bias": _bias,
    "trees": _trees,
    "roots": _roots,
    "weights": _weights,
    "params": _params,
    "elements": _elements,
    "indices": _indices,
    "factors": _factors,
    "filters": _filters,
    "gates": _gates,
    "curve": _curve,
}

# Inputs and what they give


def lcg(seed: int, count: int) -> bytes:
    """SPEC.md, "Golden vectors"."""
    out = bytearray(count)
    for i in range(count):
        seed = (1664525 * seed + 1013904223) & 0xFFFFFFFF
        out[i] = seed >> 24
    return bytes(out)


def input_bytes(model: ModelSpec, golden: GoldenSpec) -> bytes:
    sizes = [byte_size(model.tensors[i]) for i in model.inputs]
    return golden.input or lcg(golden.seed, sum(sizes))


def byte_size(tensor: TensorSpec) -> int:
    return int(np.prod(tensor.shape, dtype=np.int64)) * NUMPY[tensor.dtype]().itemsize


def _inputs(rng: np.random.Generator, model: ModelSpec) -> Iterator[GoldenSpec]:
    """Random, all lowest, all highest, and random extremes."""
    yield GoldenSpec(seed=int(rng.integers(1 << 32)))
    fills = (lambda low, high, n: np.full(n, low), lambda low, high, n: np.full(n, high))
    for fill in (*fills, lambda low, high, n: rng.choice([low, high], n)):
        parts = []
        for i in model.inputs:
            tensor = model.tensors[i]
            low, high = RANGES[tensor.dtype]
            count = int(np.prod(tensor.shape, dtype=np.int64))
            parts.append(fill(low, high, count).astype(NUMPY[tensor.dtype]).tobytes())
        yield GoldenSpec(input=b"".join(parts))


def _golden(model: ModelSpec, inputs: Iterable[GoldenSpec]) -> tuple[GoldenSpec, ...]:
    """With what the plain path of the Python engine gives."""
    engine = Engine(write_model(model), bytearray(model.arena_bytes), vectorized=False)
    outputs = (
        (golden, run(engine, model, input_bytes(model, golden)), engine.crc(0))
        for golden in inputs
    )
    return tuple(replace(g, output=data, node_crc=(crc,)) for g, data, crc in outputs)


def run(engine: Any, model: ModelSpec, data: bytes, budgets: Iterator[int] | None = None) -> bytes:
    """Feeds all inputs, runs (in steps if there are budgets), returns the bytes of all outputs.
    The state is zero before."""
    engine.reset()
    for i in range(len(model.inputs)):
        view = memoryview(engine.input(i)).cast("B")
        view[:] = data[: len(view)]
        data = data[len(view) :]
    if budgets is None:
        engine.run()
    else:
        engine.start()
        while engine.step(next(budgets)):
            pass
    return b"".join(bytes(engine.output(i)) for i in range(len(model.outputs)))
