"""What is read of an .onnx file before anything is made of it: is it whole, can it be trusted?"""

from pathlib import Path, PurePosixPath, PureWindowsPath

import onnx
from onnx import TensorProto, checker, defs, external_data_helper, helper

from ..errors import PackError

OPSETS = (6, defs.onnx_opset_version())


def read(path: Path) -> onnx.ModelProto:
    try:
        proto = onnx.load(path, load_external_data=False)
    except FileNotFoundError:
        raise PackError(f"{path}: no such file; give the path of an .onnx model") from None
    except Exception as error:  # the parser's errors have no common base
        reason = first_line(error)
        raise PackError(f"{path}: not a readable ONNX file ({reason}); export it anew") from error
    _expand_erfc(proto.graph)
    if not proto.graph.node and not proto.graph.output:
        raise PackError(f"{path}: holds no graph; it is not an ONNX model or is cut short")
    if not proto.graph.output:
        raise PackError(f"{path}: has no output; name what it shall compute and export it anew")
    return proto


def _expand_erfc(graph: onnx.GraphProto) -> bool:
    """erfc(x) = 1 - erf(x): tf2onnx keeps the Erfc of a GELU in Keras, which ONNX has not. Whether
    there was any."""
    nodes = []
    for node in graph.node:
        if node.op_type != "Erfc" or node.domain:
            nodes.append(node)
            continue
        (y,) = node.output
        one = helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])
        nodes += [
            helper.make_node("Constant", [], [f"{y}/one"], value=one),
            helper.make_node("Erf", node.input, [f"{y}/erf"]),
            helper.make_node("Sub", [f"{y}/one", f"{y}/erf"], [y], node.name),
        ]
    found = len(nodes) > len(graph.node)
    if found:
        del graph.node[:]
        graph.node.extend(nodes)
    return found


def runnable(path: Path) -> Path | bytes:
    proto = onnx.load(path, load_external_data=False)
    untyped = [
        info
        for info in proto.graph.output
        if info.type.HasField("tensor_type") and not info.type.tensor_type.elem_type
    ]
    for info in untyped:
        info.ClearField("type")
    if not _expand_erfc(proto.graph) and not untyped:
        return path
    data: bytes = proto.SerializeToString()
    return data


def opset_of(path: Path, proto: onnx.ModelProto) -> int:
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


def check(path: Path, proto: onnx.ModelProto) -> None:
    # protobuf gives text that is not UTF-8 as bytes.
    if any(isinstance(node.name, bytes) for node in proto.graph.node):
        raise PackError(f"{path}: is damaged (a node's name is not text); export the model anew")
    untold = _describe(proto.graph)
    try:
        checker.check_model(proto)
    except Exception as error:  # ValidationError, and what the parser makes of broken text
        raise PackError(
            f"{path}: is not valid ONNX ({first_line(error)}); export the model anew"
        ) from error
    for info in untold:
        info.type.tensor_type.ClearField("shape")


def _describe(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """Writers leave out types and shapes, which the checker wants and onnxruntime infers, as we
    do. The inputs without a shape, for their true one has to be given."""
    del graph.value_info[:]
    untold = []
    for info in (*graph.input, *graph.output):
        tensor = info.type.tensor_type
        if info.type.WhichOneof("value") in (None, "tensor_type"):
            tensor.elem_type = tensor.elem_type or TensorProto.FLOAT
            if not tensor.HasField("shape"):
                tensor.shape.SetInParent()
                untold.append(info)
    return untold


def first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def load_external_data(path: Path, proto: onnx.ModelProto) -> None:
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
                f"{path}: cannot read {tensor.name!r} from {location!r} ({first_line(error)});"
                " export the model anew"
            ) from error
        tensor.data_location = TensorProto.DEFAULT
        del tensor.external_data[:]
