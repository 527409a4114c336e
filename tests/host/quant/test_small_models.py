"""Every small model packs, is accepted by the engine, and keeps close to the float graph."""

import numpy as np
import onnx
import pytest
import tinyinfer
from tinyinfer.engine import Engine, needs
from tinypack import ops
from tinypack.model_file import write_model
from tinypack.pipeline import load
from tinypack.plan import apply_plan, plan_memory
from tinypack.quant import quantize_graph
from tinypack.quant.emit import emit
from tinypack.quant.float_input import input_quantizer

from tests.models.make_small import SMALL

SAMPLES = 64
# Signal to quantization noise in dB; TFLite's mean, which pooling with borders needs, is coarser.
LEAST = {"int8": 33.0, "int4": 14.0}


def graph_and_samples(name, folder):
    path = folder / f"{name}.onnx"
    onnx.save(SMALL[name](), path)
    graph = load(path).graph
    rng = np.random.default_rng(0)
    shapes = [(SAMPLES, *value.shape) for value in graph.inputs]
    return graph, [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def packed(graph, inputs, precision):
    quantized = quantize_graph(graph, inputs, precision)
    quantizers = {
        value: input_quantizer(quantized.params[value].scale[0]) for value in graph.inputs
    }
    model = emit(quantized, quantizers)
    return write_model(apply_plan(model, plan_memory(model)))


def noise_ratio(exact, actual):
    return 10 * np.log10((exact**2).sum() / max(((exact - actual) ** 2).sum(), 1e-9))


@pytest.mark.parametrize("precision", LEAST)
@pytest.mark.parametrize("name", SMALL)
def test_small_model(name, precision, tmp_path):
    graph, inputs = graph_and_samples(name, tmp_path)
    file = packed(graph, inputs, precision)
    model = tinyinfer.Model(file)
    expected = ops.run(graph, inputs)
    actual = [np.empty_like(output).reshape(SAMPLES, -1) for output in expected]
    for i in range(SAMPLES):
        model.run(
            tuple(np.ascontiguousarray(x[i]).reshape(-1) for x in inputs),
            tuple(output[i] for output in actual),
        )
    for exact, output in zip(expected, actual, strict=True):
        assert noise_ratio(exact.reshape(SAMPLES, -1), output) > LEAST[precision]


@pytest.mark.parametrize("name", SMALL)
def test_engines_agree(name, tmp_path):
    graph, inputs = graph_and_samples(name, tmp_path)
    file = packed(graph, [x[:8] for x in inputs], "int8")
    model = tinyinfer.Model(file)
    engine = Engine(file, bytearray(needs(file)[0]))
    rng = np.random.default_rng(1)
    for _ in range(3):
        for index in range(len(inputs)):
            data = rng.integers(-128, 128, len(model.input(index)), np.int8)
            model.input(index)[:] = memoryview(data)
            engine.input(index)[:] = memoryview(data)
        model.run()
        engine.run()
        for index in range(len(graph.outputs)):
            assert bytes(model.output(index)) == bytes(engine.output(index))
