"""Sums of s16 activations stay in 32 bits, wherever the weights come from."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tinyinfer import Model
from tinypack.pipeline import pack
from tinypack.samples import load_calibration

TAPS = 2048  # of codes 127 each, these times 32767 are four times 2^31
STEP = 0.01


def network(path, stored):
    codes = np.full((2, TAPS), 127, np.int8)
    weights = helper.make_node("DequantizeLinear", ["codes", "step"], ["w"])
    constants = {"codes": codes, "step": np.float32(STEP), "w": np.float32(STEP) * codes}
    layer = helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)
    graph = helper.make_graph(
        [weights, layer] if stored else [layer],
        "wide",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, TAPS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])],
        [
            numpy_helper.from_array(np.asarray(constants[name], constants[name].dtype), name)
            for name in (("codes", "step") if stored else ("w",))
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


@pytest.mark.parametrize("stored", [False, True], ids=["float", "quantized"])
def test_largest_input_keeps_its_sign(tmp_path, stored):
    network(tmp_path / "wide.onnx", stored)
    samples = np.random.default_rng(0).uniform(0.9, 1, (100, TAPS)).astype(np.float32)
    samples[0] = 0  # else each feature would get a mean of its own
    np.savez(tmp_path / "wide.npz", x_calib=samples)
    packed = pack(
        tmp_path / "wide.onnx", load_calibration(tmp_path / "wide.npz"), precision="int16"
    )
    x = np.full(TAPS, 3.7, np.float32)  # outputs within the headroom of 4
    y = np.asarray(Model(packed.file).predict(x)).reshape(-1)
    assert np.allclose(y, 3.7 * 127 * STEP * TAPS, rtol=0.01)
