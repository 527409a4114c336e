"""Model files of a few kilobytes, made without importer or quantiser."""

import math
from dataclasses import replace

import numpy as np
from tinyinfer.engine import Engine, needs
from tinypack.model_file import (
    GoldenSpec,
    ModelSpec,
    NodeSpec,
    QuantizerSpec,
    TensorSpec,
    write_model,
)
from tinypack.model_file.layout import pack_params, pack_weights
from tinypack.plan import apply_plan, plan_memory

from tests.ops.sweep import input_bytes

LABELS = ("circle", "square", "star", "wave", "none")


def files() -> dict[str, bytes]:
    """All of them by file name."""
    return {
        "classifier.tinf": classifier(),
        "logits.tinf": classifier(softmax=False),
        "two_ports.tinf": two_ports(),
        "regressor.tinf": regressor(),
        "stateful.tinf": stateful(),
    }


def classifier(softmax: bool = True) -> bytes:
    """8 x 8 numbers from 0 to 1 into five classes."""
    rng = np.random.default_rng(7)
    scale = 1 / 255
    tensors = [
        TensorSpec((1, 8, 8, 1), "s8", -128, scale, name="image", quantizer=quantizer(scale)),
        *_linear(rng, "conv_2d", (4, 3, 3, 1), fan_in=9),
        TensorSpec((1, 8, 8, 4), "s8", -128, 0.02),
        *_linear(rng, "depthwise_conv_2d", (4, 3, 3, 1), fan_in=9),
        TensorSpec((1, 4, 4, 4), "s8", -128, 0.02),
        TensorSpec((1, 64), "s8", -128, 0.02),
        *_linear(rng, "fully_connected", (5, 64), fan_in=64),
        TensorSpec((1, 5), "s8", 3, 0.02, name="logits"),
        TensorSpec((1, 5), "s8", -128, 1 / 256, name="probabilities"),
    ]
    relu = {"activation_min": -128, "pad_top": 1, "pad_left": 1}
    nodes = [
        NodeSpec("conv_2d", (0, 1, 2), (3,), relu, name="first"),
        NodeSpec("depthwise_conv_2d", (3, 4, 5), (6,), {**relu, "stride_h": 2, "stride_w": 2}),
        NodeSpec("reshape", (6,), (7,)),
        NodeSpec("fully_connected", (7, 8, 9), (10,), name="head"),
    ]
    if softmax:
        multiplier, shift = multiplier_shift(0.02 * 2**26)
        diff_min = -math.floor(31 * 2.0 ** (26 - shift))
        attrs = {"multiplier": multiplier, "shift": shift, "diff_min": diff_min}
        nodes.append(NodeSpec("softmax", (10,), (11,), attrs))
    else:
        tensors.pop()
    metadata = {
        "name": "shapes",
        "task": "classify",
        "accuracy": {"metric": "top1", "float": 0.968, "packed": 0.9725, "samples": 400},
        "input": {"axes": ["light"], "units": "parts of full light", "rate": 10},
    }
    return finished(tensors, nodes, (0,), (len(tensors) - 1,), labels=LABELS, metadata=metadata)


def two_ports() -> bytes:
    """Two inputs, their sum and their product."""
    scale = 1 / 16
    tensors = [
        TensorSpec((1, 4), "s8", 0, scale, name="a", quantizer=quantizer(scale)),
        TensorSpec((1, 4), "s8", 0, scale, name="b", quantizer=quantizer(scale)),
        TensorSpec((1, 4), "s8", 0, 2 * scale, name="sum"),
        TensorSpec((1, 4), "s8", 0, 8 * scale * scale, name="product"),
    ]
    half = (1 << 30, 0)
    m, shift = multiplier_shift(1 / (1 << 20))
    attrs = {"x_multiplier": half[0], "x_shift": half[1], "k_multiplier": half[0]}
    product, product_shift = multiplier_shift(1 / 8)
    nodes = [
        NodeSpec("add", (0, 1), (2,), {**attrs, "multiplier": m, "shift": shift}),
        NodeSpec("mul", (0, 1), (3,), {"multiplier": product, "shift": product_shift}),
    ]
    return finished(tensors, nodes, (0, 1), (2, 3))


def regressor() -> bytes:
    """Three numbers, each with a mean and deviation of its own, into one of 16 bits."""
    rng = np.random.default_rng(3)
    scale = 1 / 32
    means, deviations = (10.0, -3.0, 500.0), (2.0, 0.5, 100.0)
    pairs = [multiplier_shift(1 / (d * scale)) for d in deviations]
    offsets = (round(-m / (d * scale) * (1 << 14)) for m, d in zip(means, deviations, strict=True))
    inputs = QuantizerSpec(tuple(m for m, _ in pairs), tuple(s for _, s in pairs), tuple(offsets))
    tensors = [
        TensorSpec((1, 3), "s8", 5, scale, name="measured", quantizer=inputs),
        *_linear(rng, "fully_connected", (1, 3), fan_in=1),
        TensorSpec((1, 1), "s16", -100, 0.001, name="power"),
    ]
    attrs = {"activation_min": -(1 << 15), "activation_max": (1 << 15) - 1}
    nodes = [NodeSpec("fully_connected", (0, 1, 2), (3,), attrs)]
    return finished(tensors, nodes, (0,), (3,), metadata={"task": "regress"})


def stateful() -> bytes:
    """16 bytes that stay from run to run, though no operator of today writes there."""
    tensors = [TensorSpec((1, 4), "s8", 0, 1.0, offset=16), TensorSpec((1, 4), "s8", offset=20)]
    nodes = (NodeSpec("reshape", (0,), (1,)),)
    spec = ModelSpec(tuple(tensors), nodes, (0,), (1,), arena_bytes=24, state_bytes=16)
    return write_model(spec)


def finished(
    tensors: list[TensorSpec], nodes: list[NodeSpec], inputs: tuple[int, ...],
    outputs: tuple[int, ...], **more: object,
) -> bytes:  # fmt: skip
    """Planned, with golden vectors from the Python engine: one by its seed, one with its bytes."""
    spec = ModelSpec(tuple(tensors), tuple(nodes), inputs, outputs, 0, **more)
    spec = apply_plan(spec, plan_memory(spec))
    seeded = GoldenSpec(seed=2024)
    given = GoldenSpec(input=input_bytes(spec, GoldenSpec(seed=99)))
    return write_model(replace(spec, golden=(_golden(spec, seeded), _golden(spec, given))))


def _golden(spec: ModelSpec, golden: GoldenSpec) -> GoldenSpec:
    file = write_model(spec)
    engine = Engine(file, bytearray(needs(file)[0]))
    data = input_bytes(spec, golden)
    for index in range(len(spec.inputs)):
        view = memoryview(engine.input(index)).cast("B")
        view[:] = data[: len(view)]
        data = data[len(view) :]
    crcs = []
    for index in range(len(spec.nodes)):
        engine.run_node()
        crcs.append(engine.crc(index))
    output = b"".join(bytes(engine.output(i)) for i in range(len(spec.outputs)))
    return replace(golden, output=output, node_crc=tuple(crcs))


def _linear(
    rng: np.random.Generator, op: str, shape: tuple[int, ...], fan_in: int
) -> list[TensorSpec]:
    """Weights and params whose results spread over the output's range."""
    weights = rng.integers(-127, 128, shape)
    multiplier, shift = multiplier_shift(1 / (60 * math.sqrt(fan_in)))
    params = [(rng.integers(0, 9000), multiplier, shift) for _ in range(shape[0])]
    table = np.array(params)
    return [
        TensorSpec(shape, "s8", data=pack_weights(op, "s8", weights)),
        TensorSpec((shape[0], 3), "s32", data=pack_params(op, "s8", table)),
    ]


def quantizer(scale: float) -> QuantizerSpec:
    multiplier, shift = multiplier_shift(1 / scale)
    return QuantizerSpec((multiplier,), (shift,), (0,))


def multiplier_shift(value: float) -> tuple[int, int]:
    """value = multiplier * 2^(shift - 31), the multiplier in [2^30, 2^31)."""
    fraction, shift = math.frexp(value)
    multiplier = round(fraction * (1 << 31))
    return (multiplier // 2, shift + 1) if multiplier == 1 << 31 else (multiplier, shift)
