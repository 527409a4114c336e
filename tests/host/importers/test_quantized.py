"""Quantized ONNX files: their integers are kept, and what is computed with them fits.

The judge is onnxruntime without optimizations: it computes the floats between the integers.
"""

import logging

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from tinypack import demo, ops, pipeline
from tinypack.calibrate import reference
from tinypack.errors import PackError
from tinypack.execute import run_samples
from tinypack.samples import load_calibration, load_test

KINDS = {np.int8: TensorProto.INT8, np.uint8: TensorProto.UINT8}


class Reader(CalibrationDataReader):
    def __init__(self, name, samples):
        self.feeds = iter([{name: x} for x in samples])

    def get_next(self):
        return next(self.feeds, None)


def quantized(source, target, samples, **options):
    """By onnxruntime's static quantization."""
    folded = target.with_name("folded.onnx")
    quant_pre_process(source, folded, skip_symbolic_shape=True)
    model = onnx.load(folded)
    shape = [dim.dim_value or 1 for dim in model.graph.input[0].type.tensor_type.shape.dim]
    feeds = samples.reshape(-1, *shape)
    logging.disable(logging.WARNING)
    try:
        quantize_static(
            folded, target, Reader(model.graph.input[0].name, feeds), per_channel=True, **options
        )
    finally:
        logging.disable(logging.NOTSET)
    return target


def packed_order(path, inputs):
    """Samples in the source's layout as the packed model takes them."""
    return ops.source_inputs(pipeline.load(path).graph, inputs)


def agreement(path, x):
    """Share of samples with the same answer, and with one that the file finds as good."""
    expected = reference(path, x)[0].reshape(len(x), -1)
    actual = run_samples(pipeline.pack(path).file, packed_order(path, [x]))[0]
    actual = actual.reshape(len(x), -1)
    chosen = expected[np.arange(len(x)), actual.argmax(1)]
    return np.mean(expected.argmax(1) == actual.argmax(1)), np.mean(chosen >= expected.max(1))


@pytest.mark.parametrize("activations", [QuantType.QInt8, QuantType.QUInt8])
@pytest.mark.parametrize("form", [QuantFormat.QDQ, QuantFormat.QOperator])
def test_static_quantization(form, activations, tmp_path):
    path = quantized(
        demo.MODEL,
        tmp_path / "digits.onnx",
        load_calibration(demo.SAMPLES).x[:50],
        quant_format=form,
        activation_type=activations,
        weight_type=QuantType.QInt8,
    )
    packed = pipeline.pack(path)
    assert not packed.warnings
    same, as_good = agreement(path, load_test(demo.SAMPLES).x)
    assert same >= 0.99 and as_good >= 0.995


@pytest.mark.parametrize("name", ["kws", "har_conv1d"])
def test_shared_model(name, shared_models, tmp_path):
    samples = np.load(shared_models / f"samples/{name}.npz")
    path = quantized(
        shared_models / f"models/{name}.onnx",
        tmp_path / "model.onnx",
        samples["x_calib"][:50],
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
    )
    same, as_good = agreement(path, samples["x_test"][:300])
    assert same >= 0.99 and as_good >= 0.995


def test_weights_are_kept(tmp_path):
    """Codes and scales, of each layer."""
    path = quantized(
        demo.MODEL,
        tmp_path / "digits.onnx",
        load_calibration(demo.SAMPLES).x[:20],
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QInt8,
        weight_type=QuantType.QInt8,
    )
    stored = {}
    for tensor in onnx.load(path).graph.initializer:
        array = numpy_helper.to_array(tensor)
        if array.dtype == np.int8 and array.ndim > 1:
            stored[tensor.name] = np.sort(array, axis=None)
    layers = [node for node in pipeline.load(path).graph.nodes if len(node.inputs) == 3]
    assert len(layers) == len(stored) > 1
    for node in layers:
        quant, data = node.input(1).quant, node.input(1).data
        codes = data / np.array(quant.scale).reshape(-1, *[1] * (data.ndim - 1))
        assert np.abs(codes - np.rint(codes)).max() < 1e-3
        codes = np.sort(np.rint(codes).astype(np.int8), axis=None)
        assert any(np.array_equal(codes, other) for other in stored.values())


# Single operators between their integers


def between_integers(op, shapes, y_shape, kind=np.int8, weights=None, opset=17, y=0.05, **attrs):
    """x of a scale and zero point each → op → y."""
    nodes, tensors = [], []

    def constant(name, array):
        tensors.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def marked(source, name, scale, zero):
        params = [constant(f"{name}_s", np.float32(scale)), constant(f"{name}_z", kind(zero))]
        nodes.append(helper.make_node("QuantizeLinear", [source, *params], [f"{name}_q"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"{name}_q", *params], [name]))
        return name

    middle = 128 if kind is np.uint8 else 0
    operands = [
        marked(f"x{i}", f"x{i}_r", 0.03 + 0.01 * i, middle + 7 * i - 3) for i in range(len(shapes))
    ]
    if weights is not None:
        codes, scale, zero, axis = weights
        params = [constant("w_q", codes), constant("w_s", np.asarray(scale, np.float32))]
        params.append(constant("w_z", np.full(np.shape(scale), zero, codes.dtype)))
        nodes.append(helper.make_node("DequantizeLinear", params, ["w"], axis=axis))
        operands.append("w")
    nodes.append(helper.make_node(op, operands, ["a"], **attrs))
    marked("a", "y", y, middle + 5)
    graph = helper.make_graph(
        nodes,
        "net",
        [
            helper.make_tensor_value_info(f"x{i}", TensorProto.FLOAT, s)
            for i, s in enumerate(shapes)
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, y_shape)],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def steps_off(model, folder, shapes, y=0.05):
    """The largest difference to onnxruntime, in steps of the output."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    rng = np.random.default_rng(1)
    inputs = [1.5 * rng.standard_normal((8, *s[1:])).astype(np.float32) for s in shapes]
    packed = pipeline.pack(path)
    assert not packed.warnings
    actual = run_samples(packed.file, packed_order(path, inputs))[0]
    expected = reference(path, inputs)[0]
    return np.abs(actual.reshape(expected.shape) - expected).max() / y


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
@pytest.mark.parametrize(
    ("op", "shapes", "y_shape", "attrs"),
    [
        ("Add", [[1, 3, 4, 4], [1, 3, 4, 4]], [1, 3, 4, 4], {}),
        ("Mul", [[1, 12], [1, 12]], [1, 12], {}),
        ("Concat", [[1, 5], [1, 3]], [1, 8], {"axis": 1}),
        ("MaxPool", [[1, 3, 4, 4]], [1, 3, 2, 2], {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("AveragePool", [[1, 3, 4, 4]], [1, 3, 2, 2], {"kernel_shape": [3, 3]}),
        ("GlobalAveragePool", [[1, 3, 4, 4]], [1, 3, 1, 1], {}),
        ("Relu", [[1, 12]], [1, 12], {}),
        ("Sigmoid", [[1, 12]], [1, 12], {}),
        ("HardSwish", [[1, 12]], [1, 12], {}),
        ("Reshape", [[1, 12]], [1, 12], {}),
    ],
)
def test_operator(op, shapes, y_shape, attrs, kind, tmp_path):
    weights = None
    if op == "Reshape":
        op, attrs = "Flatten", {}
    model = between_integers(op, shapes, y_shape, kind, weights, **attrs)
    assert steps_off(model, tmp_path, shapes) <= 1.001


RNG = np.random.default_rng(0)
S8 = RNG.integers(-128, 128, (4, 12)).astype(np.int8)
SCALES = np.float32([0.01, 0.02, 0.03, 0.015])


@pytest.mark.parametrize(
    ("op", "weights", "attrs"),
    [
        ("Gemm", (S8, SCALES, 0, 0), {"transB": 1}),
        ("Gemm", (S8.T.copy(), SCALES, 0, 1), {}),
        ("MatMul", (S8.T.copy(), SCALES, 0, 1), {}),
        ("MatMul", (S8.T.copy(), np.float32(0.02), 0, 0), {}),
        ("MatMul", ((S8.T.astype(np.int16) + 128).astype(np.uint8), SCALES, 128, 1), {}),
        ("MatMul", (np.abs(S8.T // 2).astype(np.uint8), SCALES, 3, 1), {}),
    ],
)
def test_weights(op, weights, attrs, tmp_path):
    model = between_integers(op, [[1, 12]], [1, 4], weights=weights, y=0.2, **attrs)
    assert steps_off(model, tmp_path, [[1, 12]], 0.2) <= 1.001


def test_weights_of_four_bits(tmp_path):
    model = between_integers(
        "MatMul", [[1, 12]], [1, 4], weights=(S8.T // 16, SCALES * 16, 0, 1), opset=21, y=0.2
    )
    for tensor in model.graph.initializer:
        if tensor.name in ("w_q", "w_z"):
            codes = numpy_helper.to_array(tensor)
            four = helper.make_tensor(
                tensor.name,
                TensorProto.INT4,
                codes.shape,
                codes.tolist() if codes.ndim == 1 else codes.reshape(-1).tolist(),
            )
            tensor.CopyFrom(four)
    assert steps_off(model, tmp_path, [[1, 12]], 0.2) <= 1.001
    layer = pipeline.load(tmp_path / "model.onnx").graph.nodes[0]
    assert layer.input(1).quant.dtype == "s4"


# Refused


def test_weights_far_from_their_zero_point_are_refused(tmp_path):
    codes = np.arange(48, dtype=np.uint8).reshape(12, 4) * 5
    model = between_integers("MatMul", [[1, 12]], [1, 4], weights=(codes, SCALES, 10, 1))
    with pytest.raises(PackError, match="quantize weights symmetrically"):
        steps_off(model, tmp_path, [[1, 12]])


@pytest.mark.parametrize("op", ["DynamicQuantizeLinear", "MatMulInteger", "ConvInteger"])
def test_dynamic_quantization_is_refused(op, tmp_path):
    shape = [1, 1, 2, 2] if op == "ConvInteger" else [2, 2]
    nodes = [helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"])]
    if op != "DynamicQuantizeLinear":
        nodes = [
            helper.make_node("QuantizeLinear", ["x", "one"], ["q"]),
            helper.make_node(op, ["q", "w"], ["i"]),
        ]
    nodes.append(helper.make_node("Cast", ["i" if len(nodes) > 1 else "q"], ["y"], to=1))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.ones(shape, np.uint8), "w"),
            numpy_helper.from_array(np.float32(1), "one"),
        ],
    )
    graph.output[0].type.tensor_type.shape.SetInParent()
    path = tmp_path / "model.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )
    message = "quantize the model statically|computes with integers; export the model with Quant"
    with pytest.raises(PackError, match=message):
        pipeline.load(path)


def test_a_computed_scale_is_refused(tmp_path):
    model = between_integers("Relu", [[1, 12]], [1, 12])
    model.graph.node.insert(0, helper.make_node("ReduceMax", ["x0"], ["top"], keepdims=0))
    model.graph.node[1].input[1] = "top"
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(PackError, match="computes the scale while the model runs"):
        pipeline.load(tmp_path / "model.onnx")


def test_activations_of_sixteen_bits_are_refused(tmp_path):
    model = between_integers("Relu", [[1, 12]], [1, 12], np.int16, opset=21)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(PackError, match="quantize activations to 8 bits"):
        pipeline.load(tmp_path / "model.onnx")
