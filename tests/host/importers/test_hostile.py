"""Files made to do harm: one sentence, exit code 2, nothing written, little time and memory."""

import io
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tinypack import demo
from tinypack.cli import main

from tests.tflite_file import Tensor, constant, one_operator

SECONDS = 2.0
X = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])


def model(nodes, initializers=(), inputs=(X,), outputs=(Y,), opset=17, domains=()):
    graph = helper.make_graph(list(nodes), "net", list(inputs), list(outputs), list(initializers))
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8)


def node(op, inputs, outputs=("y",), **attrs):
    return helper.make_node(op, list(inputs), list(outputs), **attrs)


def ints(name, *numbers):
    return numpy_helper.from_array(np.array(numbers, np.int64), name)


def folded(op, inputs, *initializers, **attrs):
    """A constant that the graph computes, added to x."""
    return model([node(op, inputs, ["c"], **attrs), node("Add", ["x", "c"])], initializers)


def claimed(dims):
    """A tensor that says it is larger than its data."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, raw_data=b"1234")
    return model([node("Add", ["x", "w"])], [tensor])


def typed(kind):
    info = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    kinds = {
        "sequence": helper.make_sequence_type_proto(info.type),
        "optional": helper.make_optional_type_proto(info.type),
        "string": helper.make_tensor_type_proto(TensorProto.STRING, [1, 4]),
        "complex": helper.make_tensor_type_proto(TensorProto.COMPLEX64, [1, 4]),
    }
    info.type.CopyFrom(kinds[kind])
    return model([node("Identity", ["x"])], inputs=[info])


def nested(depth):
    """Ifs within Ifs."""
    inner = helper.make_graph(
        [node("Relu", ["x"], ["i"])],
        "leaf",
        [],
        [helper.make_tensor_value_info("i", TensorProto.FLOAT, [1, 4])],
    )
    for _ in range(depth):
        branch = node("If", ["yes"], ["i"], then_branch=inner, else_branch=inner)
        del branch.attribute[1].g.node[:]
        inner = helper.make_graph(
            [branch], "net", [], [helper.make_tensor_value_info("i", TensorProto.FLOAT, [1, 4])]
        )
    yes = numpy_helper.from_array(np.array(True), "yes")
    return model([node("If", ["yes"], then_branch=inner, else_branch=inner)], [yes])


def doubled(count):
    """Each Concat doubles a constant."""
    nodes = [node("Concat", [f"c{i}", f"c{i}"], [f"c{i + 1}"], axis=0) for i in range(count)]
    nodes.append(node("Add", ["x", f"c{count}"]))
    return model(nodes, [numpy_helper.from_array(np.ones(1024, np.float32), "c0")])


def weights(value):
    array = np.full((4, 4), value, np.float32)
    return model([node("MatMul", ["x", "w"])], [numpy_helper.from_array(array, "w")])


def growing(factor, count):
    """Products that leave float32, with weights that do not."""
    array = np.full((4, 4), factor, np.float32)
    nodes = [node("MatMul", [f"h{i}" if i else "x", "w"], [f"h{i + 1}"]) for i in range(count)]
    nodes.append(node("Relu", [f"h{count}"]))
    return model(nodes, [numpy_helper.from_array(array, "w")])


def of_shapes(op, *shapes, **attrs):
    """x [1, 4, 5, 5] and constants, of which shape inference sees no contradiction."""
    names = [f"k{i}" for i in range(len(shapes))]
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 5, 5])
    return model(
        [node(op, ["x", *names], **attrs)],
        [
            numpy_helper.from_array(np.ones(s, np.float32), n)
            for n, s in zip(names, shapes, strict=True)
        ],
        [image],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, "c", "h", "w"])],
    )


def external(location, length=64, offset=0):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 4])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("length", length), ("offset", offset)):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return model([node("MatMul", ["x", "w"])], [tensor])


def renamed(text):
    damaged = model([node("Relu", ["x"])])
    damaged.graph.node[0].name = text
    damaged.graph.node[0].op_type = text
    return damaged


def many(count):
    """Constants that are large together."""
    nodes = [node("Expand", ["k", "s"], [f"c{i}"]) for i in range(count)]
    one = numpy_helper.from_array(np.float32([1]), "k")
    return model([*nodes, node("Relu", ["x"])], [one, ints("s", 1 << 25)])


BIG = 1_000_000_000
MODELS = {
    "cycle": (
        model([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"])]),
        "not valid ONNX",
    ),
    "reads itself": (model([node("Add", ["x", "y"])]), "not valid ONNX"),
    "defined twice": (model([node("Relu", ["x"]), node("Exp", ["x"])]), "not valid ONNX"),
    "nan": (weights(np.nan), "NaN or infinite"),
    "infinite": (weights(-np.inf), "NaN or infinite"),
    "diverged": (weights(1e30), "numbers beyond 1e"),
    "growing": (growing(1e14, 4), "gives values beyond 1e"),
    "channels": (of_shapes("Conv", (2, 3, 1, 1)), "weights for 3 channels but its input .* has 4"),
    "channels of groups": (of_shapes("Conv", (4, 1, 1, 1), group=2), "for 2 channels"),
    "channels of transposed": (of_shapes("ConvTranspose", (3, 2, 1, 1)), "for 3 channels"),
    "scales": (of_shapes("BatchNormalization", *[(7,)] * 4), "does not fit"),
    "large tensor": (claimed([BIG]), "too large|not valid"),
    "overflowing tensor": (claimed([1 << 32, 1 << 32]), "too large|not valid"),
    "negative tensor": (claimed([-4]), "too large|not valid"),
    "large input": (
        model(
            [node("Relu", ["x"])],
            inputs=[helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, BIG])],
        ),
        "too large",
    ),
    "expand": (
        folded(
            "Expand", ["k", "s"], ints("s", BIG), numpy_helper.from_array(np.float32([1]), "k")
        ),
        "too large",
    ),
    "constant of shape": (folded("ConstantOfShape", ["s"], ints("s", BIG)), "too large"),
    "range": (
        folded(
            "Range",
            ["a", "b", "c0"],
            *(
                numpy_helper.from_array(np.array(n, np.float32), k)
                for k, n in (("a", 0), ("b", BIG), ("c0", 1))
            ),
        ),
        "too large",
    ),
    "tile": (
        folded("Tile", ["k", "s"], ints("s", BIG), numpy_helper.from_array(np.float32([1]), "k")),
        "too large",
    ),
    "pad": (
        folded(
            "Pad", ["k", "s"], ints("s", 0, BIG), numpy_helper.from_array(np.float32([1]), "k")
        ),
        "too large",
    ),
    "one hot": (
        folded(
            "OneHot",
            ["k", "n", "v"],
            ints("k", 1),
            ints("n", BIG),
            numpy_helper.from_array(np.float32([0, 1]), "v"),
        ),
        "too large|depends",
    ),
    "eye": (
        folded("EyeLike", ["k"], numpy_helper.from_array(np.ones((2, 2), np.float32), "k")),
        "does not fit",
    ),
    "many": (many(30), "too large"),
    "doubled": (doubled(40), "too large"),
    "pad at run time": (model([node("Pad", ["x", "s"])], [ints("s", 0, 0, 0, BIG)]), "too large"),
    "opset": (model([node("Relu", ["x"])], opset=99), "opset 99"),
    "domain": (model([node("Relu", ["x"])], domains=["evil.corp"]), None),
    "operator of a domain": (
        model(
            [helper.make_node("Magic", ["x"], ["y"], domain="evil.corp")], domains=["evil.corp"]
        ),
        "evil.corp.Magic is not supported",
    ),
    "unknown operator": (renamed("Nonsense"), "not valid ONNX"),
    "terminal codes": (renamed("\x1b[31mred\r\nnew\nline"), "not valid ONNX"),
    "unknown type": (
        model([node("Relu", ["x"])], inputs=[helper.make_tensor_value_info("x", 120, [1, 4])]),
        "holds type 120; only numbers|not valid ONNX",
    ),
    "sequence": (typed("sequence"), "can be fed"),
    "optional": (typed("optional"), "can be fed"),
    "string": (typed("string"), "only numbers can be fed"),
    "complex": (typed("complex"), "only numbers can be fed"),
    "no outputs": (model([node("Relu", ["x"])], outputs=[]), "output"),
    "no nodes": (model([], outputs=[X]), "is an input"),
    "no inputs": (
        model(
            [node("Relu", ["w"])],
            [numpy_helper.from_array(np.ones((1, 4), np.float32), "w")],
            inputs=[],
        ),
        "constant",
    ),
    "open size": (
        model(
            [node("Relu", ["x"])],
            inputs=[helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "n"])],
        ),
        "--input-shape x:1,32",
    ),
    "nested": (nested(25), ""),
    "absolute path": (external("/etc/passwd"), "outside of the model's folder"),
    "path above": (external("../../etc/passwd"), "outside of the model's folder"),
    "missing data": (external("none.bin"), "missing"),
    "short data": (external("short.bin"), "short.bin"),
    "offset beyond the end": (external("short.bin", offset=1 << 40), "short.bin"),
    "negative offset": (external("short.bin", offset=-5), "short.bin"),
    "folder as data": (external("."), "missing|outside"),
    "huge length": (external("short.bin", length=1 << 40), "short.bin"),
}


def refused(path, capsys, monkeypatch, *arguments):
    """The sentence of a refusal."""
    monkeypatch.chdir(path.parent)
    before = {file: file.stat().st_mtime_ns for file in path.parent.iterdir()}
    start = time.process_time()
    code = main([str(a) for a in ("pack", *arguments)] if arguments else ["pack", str(path)])
    assert time.process_time() - start < SECONDS
    assert code == 2
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    assert {file: file.stat().st_mtime_ns for file in path.parent.iterdir()} == before
    return " ".join(shown.split())


@pytest.mark.parametrize("name", MODELS)
def test_model(name, tmp_path, capsys, monkeypatch):
    made, message = MODELS[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString())
    (tmp_path / "short.bin").write_bytes(b"12345678")
    if message is None:  # harmless
        monkeypatch.chdir(tmp_path)
        assert main(["pack", str(path)]) == 0
        return
    assert re.search(message, refused(path, capsys, monkeypatch))


def varint(number):
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def deep(levels):
    """Messages in messages, deeper than any graph."""
    data = b""
    for _ in range(levels):
        data = b"\x3a" + varint(len(data)) + data
    return data


SOUND = {
    "onnx": model(
        [
            node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], name="conv"),
            node("Relu", ["c"], ["r"], name="relu"),
            node("GlobalAveragePool", ["r"], name="pool"),
        ],
        [numpy_helper.from_array(np.ones((2, 1, 3, 3), np.float32), "w")],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 6, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 1, 1])],
    ).SerializeToString(),
    "tflite": one_operator(
        "FULLY_CONNECTED",
        [
            Tensor((1, 4), dtype="float32"),
            constant(np.ones((3, 4), np.float32)),
            constant(np.ones(3, np.float32)),
        ],
        Tensor((1, 3), dtype="float32"),
        "FullyConnectedOptions",
    ),
}

WHOLE = MODELS["domain"][0].SerializeToString()
FILES = {
    "empty.onnx": b"",
    "text.onnx": b"import torch\n" * 100,
    "zip.onnx": b"PK\x03\x04" + bytes(100),
    "cut.onnx": WHOLE[:-9],
    "deep.onnx": deep(5000),
    "name.onnx": SOUND["onnx"].replace(b"relu", b"rel\xff"),
    "long.onnx": b"\x3a\xff\xff\xff\xff\x0f" + bytes(100),
    "empty.tflite": b"",
    "text.tflite": b"hello world" * 9,
    # A root, a vtable and vectors 2 GB away.
    "far.tflite": b"\xff\xff\xff\x7fTFL3" + b"\xff\xff\xff\x7f" * 64,
    "here.tflite": b"\x08\0\0\0TFL3" + b"\x08\0\0\0" * 64,
    "zero.tflite": b"\0\0\0\0TFL3" + bytes(256),
    "model.h5": b"\x89HDF",
    "model": b"",
}


@pytest.mark.parametrize("name", FILES)
def test_file(name, tmp_path, capsys, monkeypatch):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    assert name in refused(path, capsys, monkeypatch)


def damaged(data, rng):
    """Cut, overwritten, or with a part in a wrong place."""
    data, at = bytearray(data), int(rng.integers(len(data)))
    match int(rng.integers(4)):
        case 0:
            del data[at:]
        case 1:
            data[at] ^= 1 << int(rng.integers(8))
        case 2:
            data[at : at + 4] = rng.choice([0, -1, 1 << 30, 0x7FC00000]).astype("<i4").tobytes()
        case 3:
            data[at : at + 8] = data[-at:][:8]
    return bytes(data)


@pytest.mark.parametrize("suffix", ["onnx", "tflite"])
def test_damaged(suffix, tmp_path, capsys, monkeypatch):
    """Whatever is damaged, it packs or is refused in one line."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for _ in range(60):
        Path(f"model.{suffix}").write_bytes(damaged(SOUND[suffix], rng))
        code = main(["pack", f"model.{suffix}", "--json"])
        shown = capsys.readouterr().err
        assert code == 0 or (code == 2 and shown.count("\n") == 1), shown
        assert Path("model.tinf").exists() == (code == 0)
        Path("model.tinf").unlink(missing_ok=True)


@pytest.mark.parametrize("suffix", ["onnx", "tflite"])
def test_folder(suffix, tmp_path, capsys, monkeypatch):
    path = tmp_path / f"model.{suffix}"
    path.mkdir()
    assert path.name in refused(path, capsys, monkeypatch)


# Samples


def npy(shape, data=b"", dtype="<f4"):
    file = io.BytesIO()
    header = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + data


class Evil:
    def __reduce__(self):
        return open, ("written", "w")


def pickled():
    file = io.BytesIO()
    np.save(file, np.array([Evil()], object), allow_pickle=True)
    return file.getvalue()


def npz(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file.getvalue()


def bomb():
    """A megabyte that unpacks to a gigabyte."""
    file = io.BytesIO()
    archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with archive, archive.open("x.npy", "w") as member:
        member.write(npy((1 << 18, 1024)))
        for _ in range(600):
            member.write(bytes(1 << 20))
    return file.getvalue()


SAMPLES = {
    "pickle.npy": (pickled, "Python objects"),
    "pickle.npz": (lambda: npz(("x.npy", pickled())), "Python objects"),
    "raw.npy": (lambda: b"\x80\x04N.", "not a readable .npy"),
    "claim.npy": (lambda: npy((BIG, BIG)), "announces"),
    "negative.npy": (lambda: npy((-1, 4), bytes(64)), "not a readable"),
    "short.npy": (lambda: npy((4, 4), bytes(60)), "announces"),
    "text.npy": (lambda: npy((2, 4), bytes(999), "<U4"), "no numbers"),
    "header.npy": (lambda: b"\x93NUMPY\x01\x00\x20\x00" + b"(" * 32, "not a readable"),
    "bomb.npz": (bomb, "more than 512 MiB"),
    "claim.npz": (lambda: npz(("x.npy", npy((BIG, 4)))), "announces"),
    "none.npz": (lambda: npz(("readme.txt", b"hi")), "has no array"),
    "path.npz": (lambda: npz(("../../x.npy", npy((1, 3), bytes(12)))), "3 numbers"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(name, tmp_path, capsys, monkeypatch):
    path = tmp_path / name
    path.write_bytes(SAMPLES[name][0]())
    sentence = refused(path, capsys, monkeypatch, demo.MODEL, "--calib", path)
    assert SAMPLES[name][1] in sentence


def test_memory(tmp_path):
    """What is refused takes no memory before."""
    (tmp_path / "model.onnx").write_bytes(MODELS["expand"][0].SerializeToString())
    (tmp_path / "bomb.npz").write_bytes(bomb())
    script = (
        "import resource; from tinypack.cli import main;"
        f"a = main(['pack', {str(tmp_path / 'model.onnx')!r}]);"
        f"b = main(['pack', {str(demo.MODEL)!r}, '--calib', {str(tmp_path / 'bomb.npz')!r}]);"
        "print(a, b, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    run = [sys.executable, "-c", script]
    shown = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
    assert shown[:2] == ["2", "2"] and int(shown[2]) < 1_000_000
