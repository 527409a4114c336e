"""Writes an ONNX file node by node; the bundled model and the tests' models come from here."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import helper, numpy_helper

IR_VERSION = 8  # what opset 17 came with; onnxruntime of any age loads it


class OnnxGraph:
    """Nodes, initializers, inputs and outputs in the order in which they are added."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str], doc: str = "") -> str:
        """A float input; a size that is a string is symbolic."""
        info = helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape, doc)
        self.inputs.append(info)
        return name

    def output(self, name: str) -> None:
        """A float output, whose shape model() infers."""
        info = helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
        self.outputs.append(info)

    def initializer(self, name: str, value: ArrayLike, dtype: Any = np.float32) -> str:
        array = np.ascontiguousarray(value, dtype).reshape(np.shape(value))
        self.initializers[name] = numpy_helper.from_array(array, name)
        return name

    def node(self, op: str, name: str, *inputs: str, **attributes: Any) -> str:
        """A node with one output, which bears the node's name."""
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def model(
        self, opset: int = 17, ir_version: int = IR_VERSION, metadata: dict[str, str] | None = None
    ) -> onnx.ModelProto:
        """The whole file, checked."""
        graph = helper.make_graph(
            self.nodes, self.name, self.inputs, self.outputs, list(self.initializers.values())
        )
        opsets = [helper.make_opsetid("", opset)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=ir_version, producer_name="tinyinfer"
        )
        inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
        for output, known in zip(model.graph.output, inferred.graph.output, strict=True):
            output.CopyFrom(known)
        helper.set_model_props(model, metadata or {})
        onnx.checker.check_model(model, full_check=True)
        return model
