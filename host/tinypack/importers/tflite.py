"""TensorFlow Lite files to legal graphs: the only file that imports tflite.

A .tflite already is what the passes work towards: NHWC, activations fused, names as in ops.def.
Each operator so becomes legal nodes directly. In quantized files values keep their QuantParams,
and constants hold the reals that their integers stand for, in double precision, from which the
integers come back exactly (quant/stored.py).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tflite

from ..errors import PackError
from ..ir import Array, Graph, Model, Node, QuantParams, Value, constant
from ..ops import MODULES, unsupported
from ..ops.gather import INDICES
from ._tflite_arithmetic import ARITHMETIC, from_a_constant
from ._tflite_extremes import EXTREMES
from ._tflite_images import IMAGES, drop_blocks
from ._tflite_indices import Indices
from ._tflite_movement import MOVEMENTS, import_movement
from ._tflite_recurrent import RECURRENT
from ._tflite_unary import UNARY, quantize_function

_DTYPES: dict[int, tuple[str, Any]] = {
    tflite.TensorType.FLOAT32: ("f32", "<f4"),
    tflite.TensorType.FLOAT16: ("f32", "<f2"),
    tflite.TensorType.INT8: ("s8", "<i1"),
    tflite.TensorType.INT16: ("s16", "<i2"),
    tflite.TensorType.INT32: ("s32", "<i4"),
    tflite.TensorType.INT64: ("s64", "<i8"),
    tflite.TensorType.BOOL: ("bool", "?"),
}
_TYPE_NAMES = {number: name for name, number in vars(tflite.TensorType).items() if name.isupper()}
_OPERATORS = {
    number: name for name, number in vars(tflite.BuiltinOperator).items() if name.isupper()
}
_QUANTIZED = ("s8", "s16", "s32", "s64")
_COUNTS = (tflite.TensorType.INT32, tflite.TensorType.INT64)
# Operators whose elements are those that they read.
_SAME_ELEMENTS = ("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE")
_BOUNDS: dict[int, dict[str, float]] = {
    tflite.ActivationFunctionType.NONE: {},
    tflite.ActivationFunctionType.RELU: {"activation_min": 0.0},
    tflite.ActivationFunctionType.RELU_N1_TO_1: {"activation_min": -1.0, "activation_max": 1.0},
    tflite.ActivationFunctionType.RELU6: {"activation_min": 0.0, "activation_max": 6.0},
}


def load(path: Path) -> Model:
    """The model of a file, in the operators of ops.def."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise PackError(f"{path}: no such file; give the path of a .tflite model") from None
    except OSError as error:
        raise PackError(f"{path}: cannot be read ({error.strerror})") from None
    if data[4:8] != b"TFL3":
        raise PackError(f"{path}: not a TensorFlow Lite file; export the model anew")
    try:
        return Model(_Importer(path, data).graph())
    except PackError:
        raise
    # What the reader of a damaged FlatBuffer stumbles over is not foreseeable.
    except Exception as error:
        raise PackError(
            f"{path}: damaged ({type(error).__name__}); export the model anew, or report it as a"
            " bug if other tools run it"
        ) from error


class _Importer:
    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.model = tflite.Model.GetRootAsModel(data, 0)
        if self.model.SubgraphsLength() != 1:
            raise PackError(
                f"{path}: has {self.model.SubgraphsLength()} subgraphs, as a loop has; build"
                " recurrent layers with unroll=True, or an LSTM with tf2onnx, which makes one"
                " operator of it"
            )
        self.subgraph = self.model.Subgraphs(0)
        self.result = Graph(path.stem)
        self.values: dict[int, Value] = {}
        self.indices = Indices(self.result)

    def graph(self) -> Graph:
        # An input may be a float that is quantized first, and an output dequantized last: the
        # board's run() does both by itself, so the integers become the model's own.
        for index in self.subgraph.InputsAsNumpy():
            value = self._value(int(index))
            if self._kind(int(index)) in _COUNTS:
                self.indices.begin(value)
            self.result.inputs.append(value)
        for number in range(self.subgraph.OperatorsLength()):
            self._operator(number)
        for index in self.subgraph.OutputsAsNumpy():
            self.result.outputs.append(self._value(int(index)))
        self.result.of_integers = any(
            value.quant not in (None, INDICES) for value in self.values.values()
        )
        drop_blocks(self.result)
        # What quantize_function() has put a table in the place of.
        for node in reversed(self.result.nodes.copy()):
            read = any(y.uses or self.result.is_output(y) for y in node.outputs)
            if not read and node.op == "table":
                self.result.remove(node)
        self._name_apart()
        return self.result

    def _name_apart(self) -> None:
        """Names in files need not differ, nor do they where an operator became several nodes."""
        kept: set[str] = set()
        for value in (*self.result.inputs, *self.result.outputs, *self.result.values()):
            if value.name in kept and value not in (*self.result.inputs, *self.result.outputs):
                value.name = self.result.fresh_name(f"{value.name}/part")
            kept.add(value.name)

    def _kind(self, index: int) -> int:
        return int(self.subgraph.Tensors(index).Type())

    def _value(self, index: int) -> Value:
        if index not in self.values:
            self.values[index] = self._tensor(index)
        return self.values[index]

    def _tensor(self, index: int) -> Value:
        tensor = self.subgraph.Tensors(index)
        # Names are optional.
        name = (tensor.Name() or b"tensor%d" % index).decode("utf-8", "replace")
        if tensor.Type() not in _DTYPES:
            kind = _TYPE_NAMES.get(tensor.Type(), tensor.Type())
            raise PackError(
                f"{self.path}: tensor {name!r} holds {kind}, which no operator here reads; convert"
                " the model with int8 or float32 inputs and outputs"
            )
        dtype, kind = _DTYPES[tensor.Type()]
        shape = tuple(int(size) for size in tensor.ShapeAsNumpy()) if tensor.ShapeLength() else ()
        if any(size < 1 for size in shape):
            raise PackError(
                f"{self.path}: tensor {name!r} has no fixed shape; convert with fixed sizes"
            )
        quant = _quantization(tensor, dtype)
        data = self.model.Buffers(tensor.Buffer()).DataAsNumpy() if tensor.Buffer() else 0
        if isinstance(data, int) or not len(data):
            return Value(name, shape, quant=quant)
        array = np.frombuffer(data.tobytes(), kind).reshape(shape)
        if dtype == "s64" and quant is not None and np.abs(array).max(initial=0) >= 1 << 31:
            raise PackError(
                f"{self.path}: {name!r} is a bias of more than 32 bits; pack the float32 model"
                " with --precision int16"
            )
        return Value(name, shape, dtype, constant=_real(array, quant), quant=quant)

    def _operator(self, number: int) -> None:
        operator = self.subgraph.Operators(number)
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        op = _OPERATORS.get(max(code.BuiltinCode(), code.DeprecatedBuiltinCode()), "CUSTOM")
        inputs = [self._value(int(i)) if i >= 0 else None for i in operator.InputsAsNumpy()]
        outputs = [self._value(int(i)) for i in operator.OutputsAsNumpy()]
        # Operators have no names of their own: that of what they compute is what tools show.
        what = _Operator(self.result, op, outputs[0].name, operator, inputs, outputs)
        if self.indices.takes(what):
            return
        if op in ("QUANTIZE", "DEQUANTIZE") and self._passes_through(what, operator):
            return
        if op in MOVEMENTS or op in _SAME_ELEMENTS:
            self._keep_integers(what, operator)
        if op in MOVEMENTS:
            import_movement(what)
            return
        if op not in _OF_INT16 and any(v.quant and v.quant.dtype == "s16" for v in outputs):
            raise what.refuse(
                "of int16 rounds as no operator here does",
                "pack the float32 model with --precision int16",
            )
        if op not in _IMPORT or len(outputs) != _OUTPUTS.get(op, 1):
            raise unsupported(what.name, op)
        _IMPORT[op](what)

    def _passes_through(self, what: "_Operator", operator: Any) -> bool:
        """Changes between floats and integers: at the model's doors, or of constants."""
        x, y = what.input(0), what.output
        x_index, y_index = int(operator.Inputs(0)), int(operator.Outputs(0))
        floats = self._kind(x_index) == tflite.TensorType.FLOAT32
        if (x.quant is None) == (y.quant is None) and not x.is_constant and not floats:
            return False
        if what.op == "QUANTIZE" and floats and x.quant == y.quant:
            self.values[y_index] = x
        elif x.is_constant:
            self.values[y_index] = Value(y.name, y.shape, constant=x.data, quant=y.quant)
        elif what.op == "QUANTIZE" and self.result.is_input(x) and not x.uses:
            self.result.inputs[self.result.inputs.index(x)] = y
            y.name = x.name
        elif what.op == "DEQUANTIZE":
            self.values[y_index] = x
        else:
            quantize_function(what)
        return True

    def _keep_integers(self, what: "_Operator", operator: Any) -> None:
        """What is moved as floats between DEQUANTIZE and QUANTIZE may as well stay integers."""
        moved = [value.quant for value in what.inputs if value and not value.is_constant]
        for index, y in zip(operator.OutputsAsNumpy(), what.outputs, strict=True):
            if self._kind(int(index)) == tflite.TensorType.FLOAT32 and len(set(moved)) == 1:
                y.quant = moved[0]


def _quantization(tensor: Any, dtype: str) -> QuantParams | None:
    params = tensor.Quantization()
    if params is None or not params.ScaleLength() or dtype not in _QUANTIZED:
        return None
    scale = tuple(float(value) for value in params.ScaleAsNumpy())
    zero = params.ZeroPointAsNumpy() if params.ZeroPointLength() else [0] * len(scale)
    axis = params.QuantizedDimension() if len(scale) > 1 else None
    return QuantParams(dtype, scale, tuple(int(value) for value in zero), axis)


def _real(array: Array, quant: QuantParams | None) -> Array:
    """What integers stand for; other constants as they are."""
    if quant is None:
        return array.astype(np.float32) if array.dtype.kind == "f" else array
    along = [1] * array.ndim
    if quant.axis is not None:
        along[quant.axis] = -1
    scale = np.array(quant.scale, np.float64).reshape(along)
    real: Array = (array.astype(np.float64) - np.array(quant.zero_point).reshape(along)) * scale
    return real


class _Operator:
    """One TFLite operator on its way to legal nodes."""

    def __init__(
        self,
        graph: Graph,
        op: str,
        name: str,
        table: Any,
        inputs: Sequence[Value | None],
        outputs: Sequence[Value],
    ) -> None:
        self.graph, self.op, self.name, self.table = graph, op, name, table
        self.inputs, self.outputs, self.output = inputs, outputs, outputs[0]

    def options(self, kind: type) -> Any:
        options = kind()
        table = self.table.BuiltinOptions()
        if table is None:
            raise self.refuse("has no options", "convert the model anew")
        options.Init(table.Bytes, table.Pos)
        return options

    def option(self, table: str, field: str) -> Any:
        return getattr(self.options(getattr(tflite, table)), field)()

    def input(self, index: int) -> Value:
        value = self.inputs[index]
        if value is None:
            raise self.refuse(f"lacks input {index}", "convert the model anew")
        return value

    def numbers(self, index: int) -> list[int]:
        """The integers of an input that must be constant."""
        value = self.input(index)
        if not value.is_constant:
            raise self.refuse(f"takes {value.name!r} at run time", "convert with fixed sizes")
        return [int(number) for number in value.data.reshape(-1)]

    def refuse(self, reason: str, remedy: str) -> PackError:
        return PackError(f"node {self.name!r}: {self.op} {reason}; {remedy}")

    def bounds(self, function: int) -> dict[str, float]:
        if function not in _BOUNDS:
            raise self.refuse("has an unknown fused activation", "use ReLU or ReLU6")
        return _BOUNDS[function]

    def add(self, op: str, *inputs: Value, **attrs: Any) -> None:
        """The node that makes this operator's output; a reshape follows if the shape differs."""
        node = Node(op, inputs, [Value(self.graph.fresh_name(self.name), ())], attrs, self.name)
        made = node.output
        if op == "reshape":
            made.shape = self.output.shape
        else:
            made.shape = tuple(int(size) for size in MODULES[op].infer_shape(node))
        if made.shape == self.output.shape:
            node.outputs = (self.output,)
            self.output.producer = node
            self.graph.insert(node)
            return
        if np.prod(made.shape) != np.prod(self.output.shape):
            raise self.refuse(
                f"gives {made.shape}, not {self.output.shape}", "convert the model anew"
            )
        made.quant = self.output.quant
        self.graph.insert(node)
        self.graph.insert(Node("reshape", [made], [self.output], {}, self.name))

    def constant(self, value: Value, array: Array, axis: int | None) -> Value:
        """Another arrangement of a constant, whose channels now are `axis`."""
        made = constant(self.graph.fresh_name(value.name), array)
        if value.quant is not None:
            of_channels = axis if value.quant.axis is not None else None
            made.quant = QuantParams(
                value.quant.dtype, value.quant.scale, value.quant.zero_point, of_channels
            )
        return made

    def long_sums(self, bias: int = 2) -> dict[str, int]:
        """Whether sums have 64 bits: of int16, if the bias has or there is none."""
        quant, given = self.output.quant, self.inputs[bias] if len(self.inputs) > bias else None
        if quant is None or quant.dtype != "s16":
            return {}
        return {"long_sums": int(given is None or given.quant is None or given.quant.bits == 64)}

    def bias(self, index: int, channels: int) -> Value:
        value = self.inputs[index] if index < len(self.inputs) else None
        if value is None:
            return constant(self.graph.fresh_name(f"{self.name}/bias"), np.zeros(channels))
        return self.constant(value, value.data.reshape(-1), 0)


def _padding(
    what: _Operator, padding: int, size: int, kernel: int, stride: int, dilation: int
) -> tuple[int, int]:
    """TensorFlow's SAME puts the odd element at the end."""
    if padding == tflite.Padding.VALID:
        return 0, 0
    reach = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _window(
    what: _Operator, o: Any, kernel: tuple[int, int], dilation: tuple[int, int]
) -> dict[str, int]:
    _, h, w, _ = what.input(0).shape
    top, bottom = _padding(what, o.Padding(), h, kernel[0], o.StrideH(), dilation[0])
    left, right = _padding(what, o.Padding(), w, kernel[1], o.StrideW(), dilation[1])
    return {
        "stride_h": o.StrideH(),
        "stride_w": o.StrideW(),
        "pad_top": top,
        "pad_bottom": bottom,
        "pad_left": left,
        "pad_right": right,
    }


def _convolution(
    what: _Operator, options: type, op: str, arrange: Callable[[Array], Array]
) -> None:
    o, stored = what.options(options), what.input(1)
    if not stored.is_constant:
        raise what.refuse("takes its weights at run time", "convert with constant weights")
    weights = what.constant(stored, arrange(stored.data), 0)
    dilation = o.DilationHFactor(), o.DilationWFactor()
    window = _window(what, o, (weights.shape[1], weights.shape[2]), dilation)
    window |= {"dilation_h": dilation[0], "dilation_w": dilation[1]}
    bias = what.bias(2, weights.shape[0])
    window |= what.long_sums()
    what.add(
        op, what.input(0), weights, bias, **window, **what.bounds(o.FusedActivationFunction())
    )


def _conv_2d(what: _Operator) -> None:
    _convolution(what, tflite.Conv2DOptions, "conv_2d", lambda weights: weights)


def _depthwise_conv_2d(what: _Operator) -> None:
    # [1, kh, kw, oc]
    _convolution(
        what,
        tflite.DepthwiseConv2DOptions,
        "depthwise_conv_2d",
        lambda weights: weights.transpose(3, 1, 2, 0),
    )


def _fully_connected(what: _Operator) -> None:
    o, x, weights = what.options(tflite.FullyConnectedOptions), what.input(0), what.input(1)
    if not weights.is_constant or weights.rank != 2:
        raise what.refuse("takes its weights at run time", "convert with constant weights")
    columns = weights.shape[1]
    if x.shape[-1:] != (columns,):
        rows = int(np.prod(x.shape)) // columns
        flat = Value(what.graph.fresh_name(f"{what.name}/flat"), (rows, columns), quant=x.quant)
        x = what.graph.insert(Node("reshape", [x], [flat], {}, what.name)).output
    bias = what.bias(2, weights.shape[0])
    bounds = what.bounds(o.FusedActivationFunction())
    what.add("fully_connected", x, weights, bias, **bounds, **what.long_sums())


def _pool(op: str) -> Callable[[_Operator], None]:
    def import_(what: _Operator) -> None:
        o = what.options(tflite.Pool2DOptions)
        kernel = o.FilterHeight(), o.FilterWidth()
        window = _window(what, o, kernel, (1, 1)) | {"kernel_h": kernel[0], "kernel_w": kernel[1]}
        what.add(op, what.input(0), **window, **what.bounds(o.FusedActivationFunction()))

    return import_


def _elementwise(op: str, options: type, **attrs: int) -> Callable[[_Operator], None]:
    def import_(what: _Operator) -> None:
        bounds = what.bounds(what.options(options).FusedActivationFunction())
        x, k = what.input(0), what.input(1)
        if x.is_constant and not attrs:
            x, k = k, x
        if x.is_constant:
            from_a_constant(what, x, k, bounds)
            return
        rank = max(x.rank, k.rank)
        x, k = (_of_rank(what, value, rank) for value in (x, k))
        if attrs and k.is_constant and k.quant is None:
            what.add(op, x, what.constant(k, -k.data, None), **bounds)
            return
        what.add(op, x, k, **attrs, **bounds)

    return import_


def _of_rank(what: _Operator, value: Value, rank: int) -> Value:
    shape = (1,) * (rank - value.rank) + value.shape
    if value.is_constant and value.rank != rank:
        return what.constant(value, value.data.reshape(shape), None)
    return value


def _softmax(what: _Operator) -> None:
    what.add("softmax", what.input(0), beta=float(what.options(tflite.SoftmaxOptions).Beta()))


def _reshape(what: _Operator) -> None:
    what.add("reshape", what.input(0))


def _pad(what: _Operator) -> None:
    pads = np.array(what.numbers(1)).reshape(-1, 2)
    value = what.input(2) if len(what.inputs) > 2 else None
    if value is not None and not value.is_constant:
        raise what.refuse(f"pads with {value.name!r}, which is computed", "pad with a constant")
    border = 0.0 if value is None else float(value.data.reshape(-1)[0])
    before, after = (tuple(int(size) for size in pads[:, side]) for side in (0, 1))
    what.add("pad", what.input(0), before=before, after=after, value=border)


def _transpose(what: _Operator) -> None:
    what.add("transpose", what.input(0), perm=tuple(what.numbers(1)))


def _quantize(what: _Operator) -> None:
    what.add("quantize", what.input(0))


_IMPORT: dict[str, Callable[[_Operator], None]] = {
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise_conv_2d,
    "FULLY_CONNECTED": _fully_connected,
    "AVERAGE_POOL_2D": _pool("average_pool_2d"),
    "MAX_POOL_2D": _pool("max_pool_2d"),
    "ADD": _elementwise("add", tflite.AddOptions),
    "SUB": _elementwise("add", tflite.SubOptions, subtract=1),
    "MUL": _elementwise("mul", tflite.MulOptions),
    "SOFTMAX": _softmax,
    "RESHAPE": _reshape,
    "SQUEEZE": _reshape,
    "EXPAND_DIMS": _reshape,
    "PAD": _pad,
    "PADV2": _pad,
    "TRANSPOSE": _transpose,
    "QUANTIZE": _quantize,
    **ARITHMETIC,
    **EXTREMES,
    **IMAGES,
    **RECURRENT,
    **UNARY,
}
_OUTPUTS = {"TOPK_V2": 2}
# Those whose integers are the reference's with 16 bits as well; movements are beside them.
_OF_INT16 = (
    *("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "ADD", "SUB", "MUL"),
    *("AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "SOFTMAX"),
    *("MAXIMUM", "MINIMUM", "RELU", "RELU6", "RELU_N1_TO_1", "RESHAPE", "SQUEEZE", "EXPAND_DIMS"),
    *("PAD", "PADV2", "TRANSPOSE", "QUANTIZE", "RESIZE_NEAREST_NEIGHBOR"),
    *("SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM"),
)
