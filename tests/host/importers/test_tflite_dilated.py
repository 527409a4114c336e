"""SPACE_TO_BATCH_ND, a convolution and BATCH_TO_SPACE_ND are one dilated convolution.

TensorFlow Lite Micro judges by its dilated convolution of a padded input: its own int8
SPACE_TO_BATCH_ND pads with a number that nothing sets.
"""

from pathlib import Path

import numpy as np
import pytest
import tflite
import tinypack
from tinyinfer import Model
from tinypack.errors import PackError

from tests.tflite_file import Operator, Tensor, constant, model, one_operator

HEIGHT, WIDTH, CHANNELS, BLOCK, ZERO_POINT = 6, 5, 4, 2, -20
IMAGE = Tensor((1, HEIGHT, WIDTH, CHANNELS), [0.05], ZERO_POINT)
# 3 x 3 taps, two apart: what SAME pads, and columns that make a whole number of blocks.
PADS = np.array([[2, 2], [2, 3]], np.int32)
CROPS = np.array([[0, 0], [0, 1]], np.int32)
KINDS = {
    "CONV_2D": ("Conv2DOptions", 3, {}),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", CHANNELS, {"DepthMultiplier": 1}),
}


def weights(op: str, oc: int) -> list[Tensor]:
    rng = np.random.default_rng(5)
    depthwise = op == "DEPTHWISE_CONV_2D"
    scales = rng.uniform(0.002, 0.01, oc).astype(np.float32)
    kernel = rng.integers(-127, 128, (1 if depthwise else oc, 3, 3, CHANNELS)).astype(np.int8)
    bias = rng.integers(-3000, 3000, oc).astype(np.int32)
    return [
        constant(kernel, scales, 3 if depthwise else 0),
        constant(bias, scales * np.float32(0.05)),
    ]


def options(op: str, dilation: int) -> dict[str, int]:
    distance = {"DilationHFactor": dilation, "DilationWFactor": dilation}
    return {"Padding": tflite.Padding.VALID, "StrideH": 1, "StrideW": 1} | distance | KINDS[op][2]


def in_blocks(op: str, length: int = 3) -> bytes:
    kind, oc, _ = KINDS[op]
    tall, wide = (HEIGHT + 4) // BLOCK, (WIDTH + 5) // BLOCK
    tensors = [
        IMAGE,
        constant(np.array([BLOCK, BLOCK], np.int32)),
        constant(PADS),
        Tensor((BLOCK * BLOCK, tall, wide, CHANNELS), [0.05], ZERO_POINT),
        *weights(op, oc),
        Tensor((BLOCK * BLOCK, tall - 2, wide - 2, oc), [0.11], 9),
        constant(CROPS),
        Tensor((1, HEIGHT, WIDTH, oc), [0.11], 9),
    ]
    operators = [
        Operator("SPACE_TO_BATCH_ND", [0, 1, 2], [3], "SpaceToBatchNDOptions", {}, 2),
        Operator(op, [3, 4, 5], [6], kind, options(op, 1), 3),
        Operator("BATCH_TO_SPACE_ND", [6, 1, 7], [8], "BatchToSpaceNDOptions", {}, 2),
    ]
    return model(tensors, operators[:length])


def at_once(op: str) -> bytes:
    kind, oc, _ = KINDS[op]
    padded = Tensor((1, HEIGHT + 4, WIDTH + 5, CHANNELS), [0.05], ZERO_POINT)
    y = Tensor((1, HEIGHT, WIDTH + 1, oc), [0.11], 9)
    return one_operator(op, [padded, *weights(op, oc)], y, kind, 3, **options(op, BLOCK))


@pytest.mark.parametrize("op", KINDS)
def test_is_one_convolution(op: str, tmp_path: Path) -> None:
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    path = tmp_path / "model.tflite"
    path.write_bytes(in_blocks(op))
    ours, judge = Model(tinypack.pack(path).file), runtime.Interpreter.from_bytes(at_once(op))
    x = np.random.default_rng(1).integers(-128, 128, IMAGE.shape).astype(np.int8)
    borders = [(0, 0), *PADS.tolist(), (0, 0)]
    judge.set_input(np.pad(x, borders, constant_values=ZERO_POINT), 0)
    judge.invoke()
    expected = judge.get_output(0)[:, :, :WIDTH]
    y = np.zeros(expected.size, np.int8)
    ours.run(x.reshape(-1), y)
    assert len(set(y.tolist())) > 20
    assert y.tolist() == expected.reshape(-1).tolist()
    (node,) = tinypack.load(path).graph.nodes
    assert (node.attrs["dilation_h"], node.attrs["dilation_w"]) == (BLOCK, BLOCK)


def test_without_its_end_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(in_blocks("CONV_2D", length=2))
    with pytest.raises(PackError, match="does not begin a dilated convolution"):
        tinypack.load(path)
