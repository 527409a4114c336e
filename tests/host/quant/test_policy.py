"""Which layers get which weights, and that the file says so."""

import numpy as np
import pytest
from tinypack.demo import MODEL, SAMPLES
from tinypack.pipeline import load, quantize
from tinypack.quant.policy import PRECISIONS, weight_dtypes
from tinypack.samples import load_calibration


@pytest.fixture(scope="module")
def graph():
    return load(MODEL).graph


def test_every_precision_covers_every_linear_layer(graph):
    layers = {node for node in graph.nodes if len(node.inputs) == 3}
    for precision in PRECISIONS:
        assert set(weight_dtypes(graph, precision)) == layers
    assert set(weight_dtypes(graph, "int8").values()) == {"s8"}
    assert set(weight_dtypes(graph, "int4").values()) == {"s4"}


def test_mixed_keeps_first_last_and_depthwise_wide(graph):
    dtypes = weight_dtypes(graph, "mixed")
    layers = list(dtypes)
    wide = [node for node, dtype in dtypes.items() if dtype == "s8"]
    assert layers[0] in wide and layers[-1] in wide
    assert all(node in wide for node in layers if node.op == "depthwise_conv_2d")
    assert 0 < len(wide) < len(layers)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_model_holds_those_weights(precision):
    model = load(MODEL)
    packed = quantize(model, load_calibration(SAMPLES), precision=precision)
    weights = [
        packed.tensors[node.inputs[1]].dtype for node in packed.nodes if len(node.inputs) == 3
    ]
    assert weights == list(weight_dtypes(model.graph, precision).values())
    assert packed.metadata["precision"] == precision


def test_weights_stay_clear_of_the_lowest_code():
    """-128 and -8 would need the general kernels, the flag `wide` with them."""
    packed = quantize(load(MODEL), load_calibration(SAMPLES))
    for node in packed.nodes:
        assert not node.attrs.get("wide")
        if node.op == "conv_2d":
            codes = np.frombuffer(packed.tensors[node.inputs[1]].data, np.int8)
            assert codes.min() >= -127
