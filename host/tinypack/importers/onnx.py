"""ONNX files to graphs of ONNX operators: with _onnx_ml.py what imports onnx.

What depends on constants and fixed shapes alone is computed here, node by node in the file's
order, because shapes of later nodes depend on it (Reshape by a Shape-Gather-Concat chain).
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, checker, defs, external_data_helper, helper, inliner, numpy_helper
from onnx import shape_inference as inference
from onnx.reference import ReferenceEvaluator

from ..errors import PackError
from ..ir import Array, Graph, Model, Node, Value, constant
from ..ir.tensor import dtype_of
from ..ops import unsupported
from ._dequantized import dequantized
from ._integer_operators import expanded
from ._labels import labels_of
from ._onnx_ml import CLASSIFIERS, DOMAIN, output_shape, without_labels

OPSETS = (6, defs.onnx_opset_version())
# The largest constant that is computed here or read from a file, in elements.
_LARGEST = 1 << 26
_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
_DTYPES: dict[int, str] = {
    TensorProto.INT8: "s8",
    TensorProto.INT16: "s16",
    TensorProto.INT32: "s32",
    TensorProto.INT64: "s64",
    TensorProto.UINT8: "u8",
    TensorProto.UINT16: "u16",
    TensorProto.UINT32: "u32",
    TensorProto.UINT64: "u64",
    TensorProto.BOOL: "bool",
    TensorProto.INT4: "s4",
    TensorProto.UINT4: "u4",
} | dict.fromkeys(map(int, _FLOATS), "f32")
_ELEMENT_TYPES: dict[str, int] = {dtype: number for number, dtype in _DTYPES.items()}
_ELEMENT_TYPES["f32"] = TensorProto.FLOAT
_RANDOM = ("RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Bernoulli")
# Functions in the eyes of onnx, which infers nothing of them.
_SHAPED_AS_INPUT = ("GroupNormalization", "MeanVarianceNormalization")
_CONTROL_FLOW = ("Loop", "Scan", "If")


def load(path: Path, input_shape: Mapping[str, Sequence[int]] | None = None) -> Model:
    """`input_shape` gives or replaces the shapes of inputs by name."""
    proto = _read(path)
    opset = _opset(path, proto)
    _load_external_data(path, proto)
    _check(path, proto)
    if proto.functions:
        proto = inliner.inline_local_functions(proto)
    metadata = {entry.key: entry.value for entry in proto.metadata_props}
    labels = without_labels(proto.graph)
    graph = _Importer(path, proto, opset).graph(dict(input_shape or {}))

    def evaluate(node: Node, inputs: Sequence[Array | None]) -> list[Array]:
        return _compute(_node_proto(node), inputs, opset)

    return Model(graph, opset, metadata, labels_of(metadata) or labels, evaluate)


def _read(path: Path) -> onnx.ModelProto:
    try:
        proto = onnx.load(path, load_external_data=False)
    except FileNotFoundError:
        raise PackError(f"{path}: no such file; give the path of an .onnx model") from None
    except Exception as error:  # the parser's errors have no common base
        reason = _first_line(error)
        raise PackError(f"{path}: not a readable ONNX file ({reason}); export it anew") from error
    if not proto.graph.node and not proto.graph.output:
        raise PackError(f"{path}: holds no graph; it is not an ONNX model or is cut short")
    if not proto.graph.output:
        raise PackError(f"{path}: has no output; name what it shall compute and export it anew")
    return proto


def _opset(path: Path, proto: onnx.ModelProto) -> int:
    versions = [entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")]
    least, most = OPSETS
    if not versions:
        raise PackError(f"{path}: uses no operators of ONNX itself; export it with opset 17")
    if not least <= versions[0] <= most:
        raise PackError(
            f"{path}: has opset {versions[0]} but {least} to {most} are supported;"
            " export it with opset 17"
        )
    return int(versions[0])


def _check(path: Path, proto: onnx.ModelProto) -> None:
    try:
        checker.check_model(proto)
    except Exception as error:  # ValidationError, and what the parser makes of broken text
        raise PackError(
            f"{path}: is not valid ONNX ({_first_line(error)}); export the model anew"
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _load_external_data(path: Path, proto: onnx.ModelProto) -> None:
    """Weights kept in other files: only ones beside the model or below its folder."""
    folder = path.resolve().parent
    for tensor in proto.graph.initializer:
        if not external_data_helper.uses_external_data(tensor):
            continue
        info = {entry.key: entry.value for entry in tensor.external_data}
        location = info.get("location", "")
        file = (folder / location).resolve()
        if (
            not location
            or PurePosixPath(location).is_absolute()
            or PureWindowsPath(location).drive
            or not file.is_relative_to(folder)
        ):
            raise PackError(
                f"{path}: tensor {tensor.name!r} lies in {location!r}, outside of the model's"
                " folder; put the data file beside the model"
            )
        if not file.is_file():
            raise PackError(
                f"{path}: the weights of {tensor.name!r} should be in {location!r}, which is"
                " missing; copy that file beside the model"
            )
        try:
            external_data_helper.load_external_data_for_tensor(tensor, str(folder))
        except Exception as error:
            raise PackError(
                f"{path}: cannot read {tensor.name!r} from {location!r} ({_first_line(error)});"
                " export the model anew"
            ) from error
        tensor.data_location = TensorProto.DEFAULT
        del tensor.external_data[:]


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
        self._integer_inputs()
        return self.result

    def _constant(self, tensor: TensorProto) -> Value:
        array = self._array(tensor)
        dtype = _DTYPES.get(tensor.data_type, dtype_of(array))
        return Value(tensor.name, array.shape, dtype, constant=array)

    def _array(self, tensor: TensorProto) -> Array:
        if prod(tensor.dims) > _LARGEST or any(size < 0 for size in tensor.dims):
            raise PackError(
                f"{self.path}: tensor {tensor.name!r} of shape {list(tensor.dims)} is too large;"
                " no microcontroller can hold it"
            )
        try:
            return _plain(numpy_helper.to_array(tensor))
        except Exception as error:
            raise PackError(
                f"{self.path}: tensor {tensor.name!r} is damaged ({_first_line(error)});"
                " export the model anew"
            ) from error

    def _input(self, info: onnx.ValueInfoProto, given: Sequence[int] | None) -> Value:
        tensor = info.type.tensor_type
        dtype = _DTYPES.get(tensor.elem_type)
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
        for proto in chain.from_iterable(map(_steps, protos)):
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
        arrays = [_placeholder(value) if value is not None else None for value in inputs]
        try:
            if inputs:
                for shape, _ in self._inferred(proto, name, inputs):
                    self.folded += prod(shape)
                    if self.folded > _LARGEST:
                        raise PackError(
                            f"node {name!r}: its constant of shape {shape} is too large"
                        )
            results = _compute(proto, arrays, self.opset)
        except PackError:
            raise
        except Exception as error:
            raise PackError(
                f"node {name!r}: {proto.op_type} of constants cannot be computed"
                f" ({_first_line(error)}); simplify the model before, for instance with onnxsim"
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
        attrs = {attribute.name: _attribute(attribute) for attribute in proto.attribute}
        self.result.insert(Node(proto.op_type, inputs, outputs, attrs, name))

    def _classical(self, proto: onnx.NodeProto, name: str, inputs: Sequence[Value | None]) -> None:
        """An operator of ai.onnx.ml; of a classifier its scores only."""
        attrs = {attribute.name: _attribute(attribute) for attribute in proto.attribute}
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
        self, proto: onnx.NodeProto, name: str, inputs: Sequence[Value | None]
    ) -> list[tuple[tuple[int, ...], str]]:
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
            types[key] = helper.make_tensor_type_proto(_ELEMENT_TYPES[value.dtype], value.shape)
            small = value.constant is not None and value.constant.size <= 1024
            if small and value.dtype not in ("s4", "u4"):
                data[key] = numpy_helper.from_array(value.data, key)
        try:
            found = inference.infer_node_outputs(
                schema, proto, types, data, opset_imports=self.opset_imports
            )
            return [_type(found[key]) for key in proto.output if key]
        except Exception as error:  # of inference, of the checker, of a shape that is not fixed
            raise PackError(
                f"node {name!r}: the output shape of {proto.op_type} depends on data or does not"
                f" fit its inputs ({_first_line(error)}); export the model with fixed shapes"
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

    def _integer_inputs(self) -> None:
        """Integer inputs that are turned into floats at once may as well be fed as floats."""
        for value in self.result.inputs:
            if value.dtype == "f32":
                continue
            if not all(n.op == "Cast" and n.outputs[0].dtype == "f32" for n in value.users):
                raise PackError(
                    f"{self.path}: input {value.name!r} holds integers ({value.dtype}) that are"
                    " used as such; only inputs of measured numbers are supported"
                )
            value.dtype = "f32"


def _steps(proto: onnx.NodeProto) -> list[onnx.NodeProto]:
    """A node as the nodes of ONNX that it stands for."""
    if proto.op_type in ("QuantizeLinear", "DequantizeLinear"):
        # onnxruntime has its own for types that ONNX took later.
        plain = onnx.NodeProto()
        plain.CopyFrom(proto)
        plain.domain = "" if proto.domain == "com.microsoft" else proto.domain
        return [plain]
    attrs = {attribute.name: attribute.i for attribute in proto.attribute}
    output = proto.output[0] if proto.output else ""
    steps = expanded(proto.op_type, proto.input, output, attrs)
    if steps is None:
        return [proto]
    nodes = []
    for step in steps:
        node = helper.make_node(step.op, step.inputs, [step.output], proto.name)
        node.attribute.extend(helper.make_attribute(key, n) for key, n in step.attrs.items())
        if step.like_source:
            node.attribute.extend(
                a for a in proto.attribute if a.name not in ("channels_last", "opset")
            )
        nodes.append(node)
    return nodes


def _placeholder(value: Value) -> Array:
    """The constant, or for Shape and Size anything of the shape, in no memory."""
    if value.constant is not None:
        return value.constant
    return np.broadcast_to(np.float32(0), value.shape)


def _type(proto: onnx.TypeProto) -> tuple[tuple[int, ...], str]:
    tensor = proto.tensor_type
    dims = [dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim]
    if not tensor.HasField("shape") or min(dims, default=1) < 1:
        raise ValueError(f"shape {dims}")
    if tensor.elem_type not in _DTYPES:
        raise ValueError(f"elements of type {tensor.elem_type}")
    return tuple(dims), _DTYPES[tensor.elem_type]


def _plain(array: Array) -> Array:
    """Every float as float32; integers of less than eight bits as eight."""
    array = np.asarray(array)
    if array.dtype.kind in "iub" or array.dtype == np.float32:
        return array
    if array.dtype.kind in "OUS":
        raise ValueError("it holds text")
    if array.dtype.name in ("int4", "int2"):
        return array.astype(np.int8)
    if array.dtype.name in ("uint4", "uint2"):
        return array.astype(np.uint8)
    return array.astype(np.float32)


def _attribute(proto: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(proto)
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case TensorProto():
            return _plain(numpy_helper.to_array(value))
        case int() | float():
            return value
        case onnx.GraphProto() | onnx.SparseTensorProto() | onnx.TypeProto():
            return proto.name
    items = [
        item.decode("utf-8", "replace") if isinstance(item, bytes) else item for item in value
    ]
    return tuple(items)


def _node_proto(node: Node) -> onnx.NodeProto:
    attrs = {
        key: numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
        for key, value in node.attrs.items()
        if value != ()
    }
    inputs = [value.name if value is not None else "" for value in node.inputs]
    return helper.make_node(node.op, inputs, [value.name for value in node.outputs], **attrs)


def _compute(proto: onnx.NodeProto, inputs: Sequence[Array | None], opset: int) -> list[Array]:
    """Outputs of one node, by ONNX's own reference."""
    feeds = {key: array for key, array in zip(proto.input, inputs, strict=True) if key}
    graph = helper.make_graph(
        [proto],
        "node",
        [
            helper.make_tensor_value_info(key, _ELEMENT_TYPES[dtype_of(array)], array.shape)
            for key, array in feeds.items()
            if array is not None
        ],
        [helper.make_empty_tensor_value_info(key) for key in proto.output if key],
    )
    with np.errstate(all="ignore"):
        results = ReferenceEvaluator(graph, opsets={"": opset}).run(None, feeds)
    arrays = iter(results)
    return [_plain(next(arrays)) if key else np.empty(0) for key in proto.output]
