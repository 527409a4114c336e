"""ONNX files to graphs of ONNX operators: with _onnx_*.py what imports onnx.

What depends on constants and fixed shapes alone is computed here, node by node in the file's
order, because shapes of later nodes depend on it (Reshape by a Shape-Gather-Concat chain).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from pathlib import Path

import onnx
from onnx import TensorProto, defs, helper, inliner, numpy_helper
from onnx import shape_inference as inference

from ..errors import PackError
from ..ir import Array, Graph, Model, Node, Value, constant
from ..ir.tensor import dtype_of
from ..ops import unsupported
from ._dequantized import dequantized
from ._labels import labels_of
from ._onnx_file import check, first_line, load_external_data, opset_of, read
from ._onnx_indices import bind_indices
from ._onnx_ml import CLASSIFIERS, DOMAIN, is_tabular, output_shape, without_labels
from ._onnx_nodes import (
    DTYPES,
    ELEMENT_TYPES,
    RESIZED,
    attribute_of,
    compute,
    node_proto,
    placeholder,
    plain,
    resized_shape,
    steps,
    type_of,
)

# The largest constant that is computed here or read from a file, in elements.
_LARGEST = 1 << 26
_RANDOM = ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli")
# Functions in the eyes of onnx, which infers nothing of them.
_SHAPED_AS_INPUT = ("GroupNormalization", "MeanVarianceNormalization")
_CONTROL_FLOW = ("Loop", "Scan", "If")
# What Normalization of Keras does with its mean and its variance.
_NORMALIZES = ("Sub", "Sqrt", "Max", "Mul", "Div")


def load(path: Path, input_shape: Mapping[str, Sequence[int]] | None = None) -> Model:
    """`input_shape` gives or replaces the shapes of inputs by name."""
    proto = read(path)
    opset = opset_of(path, proto)
    load_external_data(path, proto)
    check(path, proto)
    if proto.functions:
        proto = inliner.inline_local_functions(proto)
    metadata = {entry.key: entry.value for entry in proto.metadata_props}
    tabular = is_tabular(proto)
    labels = without_labels(proto.graph) if tabular else ()
    importer = _Importer(path, proto, opset)
    graph = importer.graph(dict(input_shape or {}))
    labels = labels_of(metadata) or labels
    return Model(graph, opset, metadata, labels, importer.evaluate, tabular)


class _Importer:
    def __init__(self, path: Path, proto: onnx.ModelProto, opset: int) -> None:
        self.path = path
        self.proto = proto.graph
        self.opset = opset
        self.opset_imports = list(proto.opset_import)
        self.result = Graph(proto.graph.name)
        self.values: dict[str, Value] = {}
        self.folded = 0  # elements of all constants that were computed

    def graph(self, input_shape: dict[str, Sequence[int]]) -> Graph:
        for tensor in self.proto.initializer:
            self.values[tensor.name] = self._constant(tensor)
        for info in self.proto.input:
            if info.name not in self.values:
                value = self._input(info, input_shape.pop(info.name, None))
                self.values[info.name] = value
                self.result.inputs.append(value)
        if input_shape:
            names = ", ".join(value.name for value in self.result.inputs)
            raise PackError(
                f"{self.path}: has no input {', '.join(input_shape)}; its inputs are {names}"
            )
        self._nodes(self.proto.node)
        for info in self.proto.output:
            self.result.outputs.append(self._output(info.name))
        self._refuse_lost_constants()
        bind_indices(self.result, self.evaluate)
        self._integer_inputs()
        return self.result

    def evaluate(self, node: Node, inputs: Sequence[Array | None]) -> list[Array]:
        return compute(node_proto(node), inputs, self.opset)

    def _constant(self, tensor: TensorProto) -> Value:
        array = self._array(tensor)
        dtype = DTYPES.get(tensor.data_type, dtype_of(array))
        return Value(tensor.name, array.shape, dtype, constant=array)

    def _array(self, tensor: TensorProto) -> Array:
        if prod(tensor.dims) > _LARGEST or any(size < 0 for size in tensor.dims):
            raise PackError(
                f"{self.path}: tensor {tensor.name!r} of shape {list(tensor.dims)} is too large;"
                " no microcontroller can hold it"
            )
        try:
            return plain(numpy_helper.to_array(tensor))
        except Exception as error:
            raise PackError(
                f"{self.path}: tensor {tensor.name!r} is damaged ({first_line(error)});"
                " export the model anew"
            ) from error

    def _input(self, info: onnx.ValueInfoProto, given: Sequence[int] | None) -> Value:
        tensor = info.type.tensor_type
        dtype = DTYPES.get(tensor.elem_type)
        if dtype is None:
            names = {number: name for name, number in TensorProto.DataType.items()}
            kind = names.get(tensor.elem_type, f"type {tensor.elem_type}")
            raise PackError(
                f"{self.path}: input {info.name!r} holds {kind}; only numbers can be fed"
            )
        if given is not None:
            if any(size < 1 for size in given):
                raise PackError(f"{self.path}: {list(given)} is no shape for input {info.name!r}")
            return self._bounded(Value(info.name, given, dtype))
        if not tensor.HasField("shape"):
            raise PackError(
                f"{self.path}: input {info.name!r} has no shape;"
                f" give one with --input-shape {info.name}:1,3,32,32"
            )
        dims = tensor.shape.dim
        sizes = [dim.dim_value if dim.HasField("dim_value") else 0 for dim in dims]
        if sizes and sizes[0] < 1:
            sizes[0] = 1  # the batch
        if any(size < 1 for size in sizes):
            shown = [dim.dim_value or dim.dim_param or "?" for dim in dims]
            example = ",".join(str(size if size > 0 else 32) for size in sizes)
            raise PackError(
                f"{self.path}: input {info.name!r} has no fixed shape {shown};"
                f" give one with --input-shape {info.name}:{example}"
            )
        return self._bounded(Value(info.name, sizes, dtype))

    def _bounded(self, value: Value) -> Value:
        if prod(value.shape) > _LARGEST:
            raise PackError(
                f"{self.path}: {value.name!r} of shape {list(value.shape)} is too large;"
                " no microcontroller can hold it"
            )
        return value

    def _nodes(self, protos: Iterable[onnx.NodeProto]) -> None:
        for proto in chain.from_iterable(map(steps, protos)):
            name = proto.name or f"{proto.op_type}_{proto.output[0] if proto.output else ''}"
            try:
                inputs = [self.values[key] if key else None for key in proto.input]
            except KeyError as error:
                raise PackError(
                    f"{self.path}: node {name!r} reads {error}, which nothing computes before;"
                    " export the model anew"
                ) from error
            if proto.op_type == "If" and inputs[0] is not None and inputs[0].is_constant:
                self._branch(proto, bool(inputs[0].data.reshape(-1)[0]))
                continue
            if proto.domain == DOMAIN:
                self._classical(proto, name, inputs)
                continue
            if proto.op_type in _CONTROL_FLOW or proto.domain not in ("", "ai.onnx"):
                domain = "" if proto.domain in ("", "ai.onnx") else f"{proto.domain}."
                raise unsupported(name, domain + proto.op_type)
            if self._folds(proto, inputs):
                self._fold(proto, name, inputs)
            else:
                self._node(proto, name, inputs)

    def _branch(self, proto: onnx.NodeProto, condition: bool) -> None:
        """The branch of an If whose condition is known, in the place of the If."""
        key = "then_branch" if condition else "else_branch"
        (branch,) = (attribute.g for attribute in proto.attribute if attribute.name == key)
        for tensor in branch.initializer:
            self.values[tensor.name] = self._constant(tensor)
        self._nodes(branch.node)
        for outer, inner in zip(proto.output, branch.output, strict=True):
            self.values[outer] = self.values[inner.name]

    def _folds(self, proto: onnx.NodeProto, inputs: Sequence[Value | None]) -> bool:
        if proto.op_type in _RANDOM:
            return False
        return proto.op_type in ("Shape", "Size") or all(
            v is None or v.is_constant for v in inputs
        )

    def _fold(self, proto: onnx.NodeProto, name: str, inputs: Sequence[Value | None]) -> None:
        if proto.op_type == "DequantizeLinear" and inputs[0] is not None:
            given = {attribute.name: attribute.i for attribute in proto.attribute}
            self.values[proto.output[0]] = dequantized(proto.output[0], name, inputs, given)
            return
        arrays = [placeholder(value) if value is not None else None for value in inputs]
        try:
            if inputs:
                # A constant may be empty: shapes are put together from parts, some of no axis.
                for shape, _ in self._inferred(proto, name, inputs, least=0):
                    self.folded += prod(shape)
                    if self.folded > _LARGEST:
                        raise PackError(
                            f"node {name!r}: its constant of shape {shape} is too large"
                        )
            results = compute(proto, arrays, self.opset)
        except PackError:
            raise
        except Exception as error:
            raise PackError(
                f"node {name!r}: {proto.op_type} of constants cannot be computed"
                f" ({first_line(error)}); simplify the model before, for instance with onnxsim"
            ) from error
        for key, array in zip(proto.output, results, strict=False):
            if key:
                self.values[key] = constant(key, array)

    def _node(self, proto: onnx.NodeProto, name: str, inputs: Sequence[Value | None]) -> None:
        outputs = []
        types = self._inferred(proto, name, inputs)
        for key, (shape, dtype) in zip(filter(None, proto.output), types, strict=True):
            value = self._bounded(Value(key, shape, dtype))
            self.values[key] = value
            outputs.append(value)
        attrs = {attribute.name: attribute_of(attribute) for attribute in proto.attribute}
        self.result.insert(Node(proto.op_type, inputs, outputs, attrs, name))

    def _classical(self, proto: onnx.NodeProto, name: str, inputs: Sequence[Value | None]) -> None:
        """An operator of ai.onnx.ml; of a classifier its scores only."""
        attrs = {attribute.name: attribute_of(attribute) for attribute in proto.attribute}
        x, *others = inputs
        assert x is not None
        picked = prod(others[0].shape) if others and others[0] is not None else 0
        shape = output_shape(proto.op_type, x.shape or (1,), attrs, picked)
        if shape is None or x.is_constant:
            raise unsupported(name, f"{DOMAIN}.{proto.op_type}")
        output = self._bounded(Value(proto.output[proto.op_type in CLASSIFIERS], shape))
        self.values[output.name] = output
        self.result.insert(Node(proto.op_type, inputs, [output], attrs, name))

    def _inferred(
        self,
        proto: onnx.NodeProto,
        name: str,
        inputs: Sequence[Value | None],
        least: int = 1,
    ) -> list[tuple[tuple[int, ...], str]]:
        """Shapes and types of the outputs, of sizes not below `least`."""
        try:
            schema = defs.get_schema(proto.op_type, self.opset, "")
        except defs.SchemaError:
            raise unsupported(name, proto.op_type) from None
        if proto.op_type in _SHAPED_AS_INPUT and inputs[0] is not None:
            return [(inputs[0].shape, inputs[0].dtype)]
        types, data = {}, {}
        for key, value in zip(proto.input, inputs, strict=True):
            if value is None:
                continue
            types[key] = helper.make_tensor_type_proto(ELEMENT_TYPES[value.dtype], value.shape)
            small = value.constant is not None and value.constant.size <= 1024
            if small and value.dtype not in ("s4", "u4"):
                data[key] = numpy_helper.from_array(value.data, key)
        try:
            found = inference.infer_node_outputs(
                schema, proto, types, data, opset_imports=self.opset_imports
            )
            if proto.op_type in RESIZED and (shape := resized_shape(proto, inputs)) is not None:
                if min(shape) < least:
                    raise ValueError(f"shape {list(shape)}")
                return [(shape, "f32")]
            return [type_of(found[key], least) for key in proto.output if key]
        except Exception as error:  # of inference, of the checker, of a shape that is not fixed
            raise PackError(
                f"node {name!r}: the output shape of {proto.op_type} depends on data or does not"
                f" fit its inputs ({first_line(error)}); export the model with fixed shapes"
            ) from error

    def _output(self, name: str) -> Value:
        value = self.values.get(name)
        if value is None:
            raise PackError(f"{self.path}: nothing computes output {name!r}; export it anew")
        if value.is_constant:
            raise PackError(f"{self.path}: output {name!r} is constant; remove it from the model")
        if value.name == name and self.result.is_input(value):
            raise PackError(f"{self.path}: output {name!r} is an input; remove it from the model")
        if value.name != name or self.result.is_output(value) or self.result.is_input(value):
            # One value under two names: each output is a value of its own.
            copy = Value(name, value.shape, value.dtype)
            self.result.insert(Node("Identity", [value], [copy], {}, name))
            return copy
        return value

    def _refuse_lost_constants(self) -> None:
        """tf2onnx makes inputs of what no variable of Keras holds: they lack the batch."""
        batched = {
            info.name
            for info in self.proto.input
            if (dims := info.type.tensor_type.shape.dim) and not dims[0].HasField("dim_value")
        }
        for value in self.result.inputs:
            reads = {node.op for node in value.users}
            if batched and value.name not in batched and reads and reads <= set(_NORMALIZES):
                raise PackError(
                    f"{self.path}: input {value.name!r} is no input but a constant that the"
                    " exporter lost, as of Keras' Normalization; run `layer.mean, layer.variance ="
                    " np.array(layer.mean), np.array(layer.variance)` before, and export it anew"
                )

    def _integer_inputs(self) -> None:
        """Integer inputs that are turned into floats at once may as well be fed as floats."""
        for value in self.result.inputs:
            if value.dtype == "f32":
                continue
            if not all(n.op == "Cast" and n.outputs[0].dtype == "f32" for n in value.users):
                raise PackError(
                    f"{self.path}: input {value.name!r} holds integers ({value.dtype}) that the"
                    " model computes with; only measured numbers and the words of embeddings are"
                    " supported (without mask_zero): pack the layers behind what computes"
                )
            value.dtype = "f32"
