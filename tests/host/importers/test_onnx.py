"""What the ONNX importer makes of files, good and bad."""

import json

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tinypack import importers, ops, passes
from tinypack.errors import PackError
from tinypack.importers._labels import labels_of

from tests.models.make_small import REFUSED, SMALL, external_data
from tests.models.small_graph import SmallGraph

from .imported import check, imported


def graph_of(*nodes, inputs, outputs, initializers=(), opset=17) -> onnx.ModelProto:
    infos = [helper.make_tensor_value_info(*info) for info in inputs]
    results = [helper.make_tensor_value_info(*info) for info in outputs]
    graph = helper.make_graph(list(nodes), "net", infos, results, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


X = ("x", TensorProto.FLOAT, [1, 4])
Y = ("y", TensorProto.FLOAT, [1, 4])


# Shapes


def test_symbolic_batch_is_one(tmp_path):
    model = imported(SMALL["symbolic_batch"](), tmp_path)
    assert model.graph.inputs[0].shape[0] == 1
    assert model.graph.outputs[0].shape == (1, 5)


def test_other_symbolic_sizes_are_asked_for(tmp_path):
    model = REFUSED["symbolic_width"]()
    with pytest.raises(
        PackError, match=r"input 'x' has no fixed shape .*--input-shape x:1,3,8,32"
    ):
        imported(model, tmp_path)
    graph = imported(model, tmp_path, input_shape={"x": (1, 3, 8, 20)}).graph
    assert graph.outputs[0].shape == (1, 4, 8, 20)


def test_a_shape_for_an_unknown_input_is_refused(tmp_path):
    with pytest.raises(PackError, match="has no input z; its inputs are x"):
        imported(SMALL["relu"](), tmp_path, input_shape={"z": (1, 2)})


def test_a_shape_must_fit_the_model(tmp_path):
    with pytest.raises(PackError, match="does not fit its inputs"):
        imported(SMALL["gemm"](), tmp_path, input_shape={"x": (1, 99)})


def untold(info: onnx.ValueInfoProto, kind: str) -> None:
    if kind == "no type":
        info.ClearField("type")
    else:
        info.type.tensor_type.ClearField("shape")
    if kind == "undefined":
        info.type.tensor_type.elem_type = TensorProto.UNDEFINED


@pytest.mark.parametrize("kind", ["no type", "no shape", "undefined"])
def test_what_a_file_does_not_say_is_inferred(kind, tmp_path):
    model = SMALL["gemm"]()
    inner = model.graph.value_info.add()
    inner.name = model.graph.node[0].output[0]
    untold(model.graph.output[0], kind)
    check(model, tmp_path)
    untold(model.graph.input[0], kind)
    with pytest.raises(PackError, match="has no shape; give one with --input-shape"):
        imported(model, tmp_path)
    name, shape = model.graph.input[0].name, SMALL["gemm"]().graph.input[0].type.tensor_type.shape
    given = {name: [size.dim_value for size in shape.dim]}
    assert imported(model, tmp_path, input_shape=given).graph.outputs[0].shape == (1, 7)


def test_constants_that_an_exporter_lost(tmp_path):
    """Keras' Normalization: tf2onnx makes inputs of its mean and of its variance."""
    fed = [("x", TensorProto.FLOAT, ["n", 6]), ("mean", TensorProto.FLOAT, [1, 6])]
    model = graph_of(
        helper.make_node("Sub", ["x", "mean"], ["centred"]),
        helper.make_node("Relu", ["centred"], ["y"]),
        inputs=fed,
        outputs=[("y", TensorProto.FLOAT, ["n", 6])],
    )
    with pytest.raises(PackError, match=r"input 'mean' is .* lost.*layer\.variance = np\.array"):
        imported(model, tmp_path)


# Constants


def test_a_known_branch_takes_the_place_of_an_if(tmp_path):
    def branch(op):
        node = helper.make_node(op, ["x"], [f"{op}_out"])
        info = helper.make_tensor_value_info(f"{op}_out", TensorProto.FLOAT, [1, 4])
        return helper.make_graph([node], op, [], [info])

    model = graph_of(
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "axis"], ["size"]),
        helper.make_node("Equal", ["size", "four"], ["same"]),
        helper.make_node(
            "If", ["same"], ["z"], then_branch=branch("Tanh"), else_branch=branch("Exp")
        ),
        helper.make_node("Relu", ["z"], ["y"]),
        inputs=[X],
        outputs=[Y],
        initializers=[
            numpy_helper.from_array(np.array(1), "axis"),
            numpy_helper.from_array(np.array(4), "four"),
        ],
    )
    graph = check(model, tmp_path)
    assert [node.op for node in graph.nodes] == ["table"]
    assert graph.nodes[0].attrs["function"] == ("max", ("tanh", "x"), 0.0)


def test_a_gather_of_all_indices_leaves_no_trace(tmp_path):
    """What torch's dynamo exporter makes of a view."""
    model = graph_of(
        helper.make_node("Reshape", ["x", "flat"], ["a"]),
        helper.make_node("Gather", ["a", "indices"], ["b"], axis=0),
        helper.make_node("Tanh", ["b"], ["y"]),
        inputs=[X],
        outputs=[("y", TensorProto.FLOAT, [1, 4, 1])],
        initializers=[
            numpy_helper.from_array(np.array([4]), "flat"),
            numpy_helper.from_array(np.arange(4).reshape(1, 4, 1), "indices"),
        ],
    )
    assert {node.op for node in check(model, tmp_path).nodes} == {"table", "reshape"}


def test_half_precision_is_read_as_float(tmp_path):
    weights = np.arange(12, dtype=np.float16).reshape(4, 3) / 8
    model = graph_of(
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Cast", ["a"], ["y"], to=TensorProto.FLOAT),
        inputs=[("x", TensorProto.FLOAT16, [1, 4])],
        outputs=[("y", TensorProto.FLOAT, [1, 3])],
        initializers=[numpy_helper.from_array(weights, "w")],
    )
    graph = check(model, tmp_path, 5e-3)
    assert graph.nodes[0].input(1).data.dtype == np.float32


def test_a_byte_image_may_be_fed_as_floats(tmp_path):
    model = graph_of(
        helper.make_node("Cast", ["x"], ["a"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["a", "scale"], ["y"]),
        inputs=[("x", TensorProto.UINT8, [1, 4])],
        outputs=[Y],
        initializers=[numpy_helper.from_array(np.float32(1 / 255), "scale")],
    )
    graph = imported(model, tmp_path).graph
    x = np.array([[[0, 51, 102, 255]]], np.float32)
    np.testing.assert_allclose(ops.run(graph, [x])[0], x / 255, rtol=1e-6)


def test_two_names_for_one_value(tmp_path):
    model = graph_of(
        helper.make_node("Relu", ["x"], ["y"]),
        helper.make_node("Identity", ["y"], ["z"]),
        helper.make_node("Identity", ["x"], ["w"]),
        inputs=[X],
        outputs=[Y, ("z", TensorProto.FLOAT, [1, 4]), ("w", TensorProto.FLOAT, [1, 4])],
    )
    assert [value.name for value in check(model, tmp_path).outputs] == ["y", "z", "w"]


def test_logarithm_of_softmax_ends_a_model(tmp_path):
    g = SmallGraph("log_softmax")
    g.output(g.op("LogSoftmax", g.op("Gemm", g.x(1, 4), g.weights(4, 3)), axis=1))
    graph = imported(g.model(17, 8), tmp_path).graph
    assert [node.op for node in graph.nodes] == ["fully_connected", "softmax", "table"]
    g = SmallGraph("log_softmax")
    g.output(g.op("Relu", g.op("LogSoftmax", g.x(1, 4), axis=1)))
    with pytest.raises(PackError, match="LogSoftmax is not the last operator; end the model"):
        imported(g.model(17, 8), tmp_path)


# Refusals


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unknown_operator", r"node 'det_2': operator Det is not supported; `tinypack ops` lists"),
        ("weights_as_input", r"node 'conv_1': Conv takes its weights from 'weights'.*; export"),
        ("data_dependent_shape", r"node 'nonzero_1': the output shape of NonZero depends on data"),
    ],
)
def test_refused_model(name, message, tmp_path):
    with pytest.raises(PackError, match=message):
        imported(REFUSED[name](), tmp_path)


def test_loops_are_refused_with_the_remedy_for_keras(tmp_path):
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["more"], ["still"]),
            helper.make_node("Tanh", ["state"], ["next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("more", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, [1, 4]),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [1, 4]),
        ],
    )
    model = graph_of(
        helper.make_node("Loop", ["count", "", "x"], ["y"], name="lstm", body=body),
        inputs=[X],
        outputs=[Y],
        initializers=[numpy_helper.from_array(np.array(3), "count")],
    )
    with pytest.raises(PackError, match=r"node 'lstm': operator Loop.*unroll=True"):
        imported(model, tmp_path)


@pytest.mark.parametrize(
    ("op", "inputs", "attributes", "message"),
    [
        ("Conv", [(1, 2, 4, 4, 4, 4), (3, 2, 2, 2, 2, 2)], {}, "slides over 4 axes; use"),
        ("Conv", [(1, 4, 4, 4, 4), (4, 2, 2, 2, 2)], {"group": 2}, "in groups; use one"),
        (
            "ConvTranspose",
            [(1, 2, 4, 4, 4), (2, 3, 2, 2, 2)],
            {"strides": [2, 1, 1]},
            "steps in depth; use",
        ),
        ("Softmax", [(1, 5000)], {}, "runs over 5000 elements; take no more than 4096 classes"),
        ("Pad", [(1, 2, 4, 4)], {"pads": [0, 0, -4, 0, 0, 0, 0, 0]}, "does not fit its inputs"),
        ("Det", [(1, 4, 4)], {}, "Det is not supported"),
    ],
)
def test_refused_operator(op, inputs, attributes, message, tmp_path):
    g = SmallGraph("refused")
    constants = [g.weights(*shape) for shape in inputs[1:]]
    if "pads" in attributes:
        constants, attributes = [g.axes(*attributes["pads"])], {}
    g.output(g.op(op, g.x(*inputs[0]), *constants, **attributes))
    with pytest.raises(PackError, match=message):
        imported(g.model(17, 8), tmp_path)


def test_outputs_beyond_the_first_are_refused(tmp_path):
    model = graph_of(
        helper.make_node("MaxPool", ["x"], ["y", "where"], kernel_shape=[2]),
        inputs=[("x", TensorProto.FLOAT, [1, 2, 4])],
        outputs=[
            ("y", TensorProto.FLOAT, [1, 2, 3]),
            ("where", TensorProto.INT64, [1, 2, 3]),
        ],
    )
    with pytest.raises(PackError, match="output 'where' of MaxPool is used"):
        imported(model, tmp_path)


def test_training_mode_is_refused(tmp_path):
    model = graph_of(
        helper.make_node("Dropout", ["x", "ratio", "training"], ["y"], name="drop"),
        inputs=[X],
        outputs=[Y],
        initializers=[
            numpy_helper.from_array(np.float32(0.5), "ratio"),
            numpy_helper.from_array(np.array(True), "training"),
        ],
    )
    with pytest.raises(PackError, match=r"node 'drop': .*training mode: export"):
        imported(model, tmp_path)


# Files


def test_missing_file(tmp_path):
    with pytest.raises(PackError, match=r"none\.onnx: no such file"):
        importers.load(tmp_path / "none.onnx")


def test_unknown_kind(tmp_path):
    with pytest.raises(PackError, match=r"not supported; give \.onnx"):
        importers.load(tmp_path / "model.xyz")


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 64, b"\xff" * 999])
def test_what_is_no_model(data, tmp_path):
    path = tmp_path / "bad.onnx"
    path.write_bytes(data)
    with pytest.raises(PackError, match=r"bad\.onnx"):
        importers.load(path)


def test_cut_and_changed_files_never_crash(tmp_path):
    """Whatever a damaged file says, it gives a model or a PackError."""
    data = SMALL["conv_1d"]().SerializeToString()
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.onnx"
    refused = 0
    for i in range(300):
        damaged = bytearray(data[: rng.integers(len(data))] if i % 3 == 0 else data)
        for _ in range(rng.integers(1, 4)):
            # Names, shapes and types stand at either end.
            place = rng.integers(min(300, len(damaged))) if len(damaged) else 0
            place = place if i % 2 else len(damaged) - 1 - place
            damaged[place : place + 1] = bytes([rng.integers(256)])
        path.write_bytes(damaged)
        try:
            passes.run(importers.load(path))
        except PackError as error:
            refused += 1
            assert "\n" not in str(error)
    assert 100 < refused < 300


@pytest.mark.parametrize("opset", [1, 5, 999])
def test_opset_out_of_range(opset, tmp_path):
    model = SMALL["relu"]()
    model.opset_import[0].version = opset
    with pytest.raises(PackError, match=f"has opset {opset} but 6 to .*export it with opset 17"):
        imported(model, tmp_path)


@pytest.mark.parametrize("location", ["../weights.data", "/etc/hostname", "a/../../weights.data"])
def test_external_data_outside_of_the_folder(location, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "weights.data").write_bytes(bytes(100_000))
    path = external_data(folder)
    _relocate(path, location)
    with pytest.raises(PackError, match="outside of the model's folder; put the data file beside"):
        importers.load(path)


def test_external_data_behind_a_link(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "secret.data").write_bytes(bytes(100_000))
    path = external_data(folder)
    (folder / "link.data").symlink_to(tmp_path / "secret.data")
    _relocate(path, "link.data")
    with pytest.raises(PackError, match="outside of the model's folder"):
        importers.load(path)


def test_external_data_that_is_missing_or_short(tmp_path):
    path = external_data(tmp_path)
    data = next(tmp_path.glob("*.data"))
    data.write_bytes(data.read_bytes()[:8])
    with pytest.raises(PackError):
        importers.load(path)
    data.unlink()
    with pytest.raises(PackError, match="missing; copy that file beside the model"):
        importers.load(path)


def _relocate(path, location):
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = location
    path.write_bytes(model.SerializeToString())


# Metadata


@pytest.mark.parametrize(
    ("metadata", "labels"),
    [
        ({}, ()),
        ({"labels": "rest, wave ,tap"}, ("rest", "wave", "tap")),
        ({"labels": "rest\nwave\n"}, ("rest", "wave")),
        ({"classes": json.dumps(["a", "b"])}, ("a", "b")),
        ({"names": "{1: 'dog', 0: 'cat', 10: 'cow'}"}, ("cat", "dog", "cow")),
        ({"names": json.dumps({"0": "cat", "1": "dog"})}, ("cat", "dog")),
    ],
)
def test_labels(metadata, labels):
    assert labels_of(metadata) == labels


def test_metadata_is_kept(tmp_path):
    model = SMALL["softmax"]()
    helper.set_model_props(model, {"labels": "a,b", "author": "somebody"})
    loaded = imported(model, tmp_path)
    assert loaded.metadata["author"] == "somebody"
    assert loaded.labels == ("a", "b")
