"""The command line: what every command prints, which files it writes, how it refuses."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tinypack import cli, pipeline
from tinypack.cli import _output
from tinypack.demo import MODEL, SAMPLES
from tinypack.model_file import read_model

HOST = Path(cli.__file__).parents[2]


@pytest.fixture
def tinypack(capsys):
    def run(*arguments, code=0):
        assert cli.main([str(a) for a in arguments]) == code, capsys.readouterr().err
        return capsys.readouterr()

    return run


@pytest.fixture
def run_json(tinypack):
    def run(*arguments):
        return json.loads(tinypack(*arguments, "--json").out)

    return run


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    path = tmp_path_factory.mktemp("digits") / "digits.tinf"
    assert cli.main(["pack", str(MODEL), "--calib", str(SAMPLES), "-o", str(path), "--json"]) == 0
    return path


def commands():
    return cli.tinypack.list_commands(None)


def test_help_is_quick():
    """It loads neither numpy nor a model library."""
    script = (
        "import sys; from tinypack.cli import main; assert main(['--help']) == 0;"
        "print([m for m in ('numpy', 'onnx', 'onnxruntime', 'rich') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(HOST)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", commands())
def test_every_command_has_help_and_json(tinypack, name):
    out = tinypack(name, "--help").out
    assert "--json" in out
    assert cli.tinypack.get_command(None, name).short_help


def test_pack_reports_and_writes(run_json, tmp_path):
    target = tmp_path / "d.tinf"
    result = run_json(MODEL, "--calib", SAMPLES, "-o", target, "--board", "pico")
    assert result["output"] == str(target)
    assert result["precision"] == "int8"
    assert result["file_bytes"] == target.stat().st_size
    assert result["accuracy"]["set"] == "test"
    assert result["accuracy"]["packed"] >= 0.97
    assert abs(result["accuracy"]["packed"] - result["accuracy"]["float"]) <= 0.01
    assert result["boards"][0]["id"] == "RPI_PICO" and result["boards"][0]["fits"]
    assert result["warnings"] == []
    assert [path.name for path in tmp_path.iterdir()] == ["d.tinf"]


def test_the_default_output_stands_in_the_working_folder(tinypack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tinypack(MODEL, "--calib", SAMPLES)
    assert (tmp_path / "digits.tinf").is_file()


def test_packing_is_reproducible_and_blind_to_test_samples(tinypack, tmp_path, digits):
    with np.load(SAMPLES) as arrays:
        changed = dict(arrays)
    changed["x_test"] = changed["x_test"][::-1] * 0.5
    changed["y_test"] = (changed["y_test"] + 1) % 10
    np.savez(tmp_path / "changed.npz", **changed)
    other = tmp_path / "other.tinf"
    tinypack(MODEL, "--calib", tmp_path / "changed.npz", "-o", other)
    assert other.read_bytes() == digits.read_bytes()


def test_without_samples_it_packs_and_warns_loudly(tinypack, tmp_path):
    result = tinypack(MODEL, "-o", tmp_path / "d.tinf", "--json")
    (warning,) = json.loads(result.out)["warnings"]
    assert warning.startswith("NO CALIBRATION DATA") and "--calib" in warning
    assert "NO CALIBRATION DATA" in tinypack(MODEL, "-o", tmp_path / "d.tinf").err


def test_labels_and_input_spec_come_into_the_file(tinypack, tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text('rate = 25\naxes = ["grey"]\nmean = 0.5\nstd = 0.25\n')
    target = tmp_path / "d.tinf"
    labels = ",".join(f"digit {i}" for i in range(10))
    tinypack(MODEL, "--calib", SAMPLES, "-o", target, "--labels", labels, "--input", spec)
    model = read_model(target.read_bytes())
    assert model.labels[3] == "digit 3"
    assert model.metadata["input"]["rate"] == 25 and model.metadata["input"]["mean"] == [0.5]
    assert model.metadata["task"] == "classify"
    quantizer = model.tensors[model.inputs[0]].quantizer
    factor = quantizer.multiplier[0] * 2.0 ** (quantizer.shift[0] - 31)
    scale = model.tensors[model.inputs[0]].scale
    assert factor == pytest.approx(4 / scale) and quantizer.offset[0] == round(-2 / scale * 2**14)


def test_folded_normalization_changes_no_answer(run_json, tinypack, tmp_path, digits):
    spec = tmp_path / "spec.toml"
    spec.write_text("[input]\nmean = 2\nstd = 0.25\n")
    target = tmp_path / "d.tinf"
    tinypack(MODEL, "--calib", SAMPLES, "-o", target, "--input", spec)
    plain = run_json("eval", digits, "--data", SAMPLES)
    folded = run_json("eval", target, "--data", SAMPLES)
    assert folded["value"] == pytest.approx(plain["value"], abs=0.005)


def test_info(run_json, tinypack, digits):
    result = run_json("info", digits)
    assert result["file_bytes"] == digits.stat().st_size
    assert result["macs"] == sum(node["macs"] for node in result["operators"])
    assert result["arena_bytes"] == max(result["arena_by_family"].values())
    assert 0 < result["weight_bytes"] < result["file_bytes"]
    assert result["labels"] == [str(i) for i in range(10)]
    assert result["inputs"][0]["dtype"] == "s8" and result["outputs"][0]["dtype"] == "s8"
    assert len(result["metadata"]["source_sha256"]) == 64
    first = result["operators"][0]
    assert first["kernels"] == {
        "plain": "plain c",
        **dict.fromkeys(("m0p", "dsp", "rv32", "xtensa"), "gemm"),
    }
    assert result["fast_macs"]["plain"] == 0
    assert first["macs"] <= result["fast_macs"]["dsp"] <= result["macs"]
    shown = tinypack("info", digits).out
    assert "fully_connected" in shown and "MACs not in plain c" in shown


def test_info_draws_the_arena(tinypack, digits, tmp_path):
    picture = tmp_path / "arena.svg"
    tinypack("info", digits, "--arena", picture)
    svg = ElementTree.parse(picture).getroot()
    assert svg.tag.endswith("svg") and len(list(svg.iter())) > 20


def test_pack_says_what_a_board_has_to_hold(tinypack, run_json, tmp_path):
    out = tmp_path / "digits.tinf"
    arguments = ("pack", MODEL, "--calib", SAMPLES, "-o", out, "--board", "pico")
    board, smaller = (run_json(*arguments)[key] for key in ("boards", "smaller"))
    parts = ("arena_bytes", "native_module_bytes", "flash_bytes")
    assert board[0]["ram_bytes"] == sum(board[0][part] for part in parts)
    assert 0 < board[0]["milliseconds_estimate"] < 1000
    text = tinypack(*arguments).out
    assert "ms (estimate)" in text and all(sentence in text for sentence in smaller)
    assert "int4 would save" in text and "of the bytes of weights" in text


def test_eval(run_json, tinypack, digits):
    result = run_json("eval", digits, "--data", SAMPLES, "--float", MODEL)
    assert result["metric"] == "top1" and result["samples"] == 400
    assert result["value"] >= 0.97 and result["agreement"] >= 0.98
    assert result["samples_per_s"] > 0
    assert "top1" in tinypack("eval", digits, "--data", SAMPLES).out


def test_run(run_json, tinypack, digits, tmp_path):
    result = run_json("run", digits, "--input", SAMPLES, "--limit", 3)
    (outputs,) = result["outputs"].values()
    assert result["samples"] == len(outputs) == 3 and len(outputs[0]) == 10
    assert "sample" in tinypack("run", digits, "--input", SAMPLES, "--limit", 3).out


def test_ops_and_boards(run_json, tinypack):
    names = [op["name"] for op in run_json("ops")["operators"]]
    assert "conv_2d" in names and "conv_2d" in tinypack("ops").out
    assert tinypack("ops", "--markdown").out.startswith("# Operators")
    ids = [board["id"] for board in run_json("boards")["boards"]]
    assert "RPI_PICO" in ids and "RPI_PICO" in tinypack("boards").out


def test_demo(run_json, tinypack, tmp_path):
    result = run_json("demo", "-o", tmp_path)
    for precision in ("int8", "int4"):
        model = result["models"][precision]
        assert model["accuracy"]["packed"] >= model["accuracy"]["float"] - 0.01
        assert (tmp_path / f"digits_{precision}.tinf").stat().st_size == model["file_bytes"]
        assert all(board["fits"] for board in model["boards"])
    assert result["models"]["int4"]["file_bytes"] < result["models"]["int8"]["file_bytes"]
    if there := result["micropython"]:
        assert there["identical"] == there["samples"] > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.onnx"], "missing.onnx: no such file"),
        ([MODEL, "--calib", "missing.npz"], "missing.npz: no such file"),
        ([MODEL, "--board", "toaster"], "toaster"),
        ([MODEL, "--labels", "a,b"], "2 labels were given but the model has 10 classes"),
        ([MODEL, "--input-shape", "x"], "write NAME:1,3,32,32"),
        ([MODEL, "-o", "no/such/folder/x.tinf"], "there is no folder no/such/folder"),
        ([MODEL, "-o", "."], "it is a folder); give the name of a file"),
        ([MODEL, "--report", "no/page.html"], "there is no folder no"),
        ([MODEL, "--max-flash", "-5"], "-5"),
        (["info", SAMPLES], "not a tinyinfer model file"),
        (["info", "missing.tinf"], "missing.tinf: cannot be read"),
        (["eval", MODEL, "--data", SAMPLES], "not a tinyinfer model file"),
        (["nonsense"], "No such command"),
        (["model.h5"], "TFLiteConverter.from_keras_model(model)"),
        (["model.pt"], "torch.onnx.export(model.eval()"),
        (["model.joblib"], "to_onnx(model"),
        (["model.xyz"], "give .onnx or .tflite"),
        (["packed.tinf"], "packed already"),
        (["pack"], "Missing argument"),
        ([MODEL, "--precision", "int3"], "int3"),
    ],
)
def test_what_the_user_can_mend_is_one_sentence(
    tinypack, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    result = tinypack(*arguments, code=2)
    assert message in result.err and "Traceback" not in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_metric_or_sample_shape_is_explained(tinypack, tmp_path, digits):
    np.savez(tmp_path / "bad.npz", x=np.zeros((3, 7)), y=np.zeros(3, int))
    assert "7 numbers" in tinypack("eval", digits, "--data", tmp_path / "bad.npz", code=2).err
    assert "--metric" in tinypack("eval", digits, "--data", SAMPLES, "--metric", "mae", code=2).err


class Writer:
    """A file that may be full."""

    def __init__(self, write):
        self.write = write

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def test_a_page_that_does_not_fit_leaves_no_model_file(tinypack, tmp_path, monkeypatch):
    def full(data):
        if data.startswith(b"<!DOCTYPE"):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_output.os, "fdopen", lambda *_: Writer(full))
    shown = tinypack(MODEL, "--report", "page.html", code=2).err
    assert "page.html: cannot be written (No space left on device); free some space" in shown
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("ending", "code", "message"),
    [("> /dev/full", 2, "cannot print"), (">&-", 0, ""), ("| true", 0, "")],
)
def test_nobody_reads(ending, code, message, digits):
    """A full disk, a closed stream, a pipe that ends early."""
    command = f"{sys.executable} -m tinypack info '{digits}' --json {ending}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == code and "Traceback" not in done.stderr
    assert done.stderr.count("\n") == bool(message) and message in done.stderr


def test_a_name_that_is_no_text(tmp_path):
    """Bytes of another encoding, on a terminal that knows ASCII only."""
    (tmp_path / "bad\udcff.onnx").write_bytes(MODEL.read_bytes())
    command = [sys.executable, "-m", "tinypack", "bad\udcff.onnx", "-o", "bad\udcff.tinf"]
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    path = os.pathsep.join(str(Path(folder).absolute()) for folder in sys.path if folder)
    env = {**os.environ, **plain, "PYTHONPATH": path}
    subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=True)
    assert read_model((tmp_path / "bad\udcff.tinf").read_bytes()).metadata["name"] == "bad?"


def test_a_bug_is_called_one(tinypack, tmp_path, monkeypatch):
    """And not a contradiction of the model."""

    def broken(*_: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(pipeline, "_balance", broken)
    arguments = ["pack", MODEL, "--calib", SAMPLES, "-o", tmp_path / "digits.tinf"]
    said = tinypack(*arguments, code=2).err.splitlines()[-1]
    assert "failed at pipeline.py, line " in said and "(IndexError: list index" in said
    assert "please report it with what TINYPACK_DEBUG=1 shows" in said
    monkeypatch.setenv("TINYPACK_DEBUG", "1")
    assert "Traceback (most recent call last)" in tinypack(*arguments, code=2).err
    assert not list(tmp_path.iterdir())


def test_a_refusal_shows_its_traceback_when_asked(tinypack, tmp_path, monkeypatch):
    assert "Traceback" not in tinypack("pack", tmp_path / "none.onnx", code=2).err
    monkeypatch.setenv("TINYPACK_DEBUG", "1")
    assert "PackError" in tinypack("pack", tmp_path / "none.onnx", code=2).err


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_number_is_torn_on_a_narrow_terminal(tinypack, digits, width, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    lines = tinypack("info", digits).out.splitlines()
    for number in ("10 740", "4 378", "55 296", "16 384", "1 240"):
        assert any(number in line for line in lines), number
