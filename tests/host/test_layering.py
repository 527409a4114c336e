"""Who may import whom in tinypack, and through which one door each dependency comes in."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "host/tinypack"

# By folder: the other parts of tinypack that it may import.
LAYERS = {
    "ir": set(),
    "ops": {"ir", "optable", "errors"},
    "passes": {"ops", "ir", "optable", "errors"},
    "importers": {"ops", "ir", "errors"},
    "model_file": {"optable", "errors", "resources"},
    "plan": {"model_file", "optable"},
}
# By dependency: the files or folders that may import it.
DOORS = {
    "onnx": ("importers/onnx.py", "demo/"),
    "tflite": ("importers/tflite.py",),
    "onnxruntime": ("calibrate.py",),
    "flatbuffers": ("model_file/",),
    "click": ("cli/",),
    "rich": ("cli/",),
}
TALKERS = ("cli/", "__main__.py", "demo/train_digits.py")


def modules() -> list[str]:
    return sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imports(file: str) -> set[str]:
    """Dotted names; those of tinypack itself begin with a dot."""
    found = set()
    parents = file.split("/")[:-1]
    for node in ast.walk(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level + 1]
            names = [node.module] if node.module else [alias.name for alias in node.names]
            found |= {"." + ".".join([*base, name]) for name in names}
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_knows_only_those_below(layer):
    for file in modules():
        if file.startswith(f"{layer}/"):
            known = {name[1:].split(".")[0] for name in imports(file) if name.startswith(".")}
            assert known <= LAYERS[layer] | {layer}, file


@pytest.mark.parametrize("dependency", DOORS)
def test_dependency_comes_in_by_one_door(dependency):
    doors = DOORS[dependency]
    users = [file for file in modules() if dependency in {n.split(".")[0] for n in imports(file)}]
    assert users
    assert [file for file in users if not file.startswith(doors)] == []


def test_ir_needs_numpy_only():
    allowed = {"numpy", "ast", "re", "math", "zlib", "typing", "dataclasses", "collections"}
    for file in modules():
        if file.startswith("ir/"):
            outside = {name.split(".")[0] for name in imports(file) if not name.startswith(".")}
            assert outside <= allowed, file


def test_only_the_command_line_prints_or_exits():
    for file in modules():
        if file.startswith(TALKERS):
            continue
        for node in ast.walk(ast.parse((PACKAGE / file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("print", "exit", "sys.exit", "quit"), file
