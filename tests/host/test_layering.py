"""Who may know whom: the rules stand in the tables below, the tests read imports and #includes."""

import ast
import re
import sys
from functools import cache

import pytest

from toolchain import CHECKOUT

# What of this checkout each part may import besides itself; parts not named are free.
IMPORTS = {
    "tinypack.ir": (),
    "tinypack.errors": (),
    "tinypack.wording": (),
    "tinypack.resources": (),
    "tinypack.optable": ("tinypack.resources",),
    "tinypack.kernel_rows": ("tinypack.resources",),
    "tinypack.kernels": (
        "tinypack.model_file",
        "tinypack.plan",
        "tinypack.optable",
        "tinyinfer.kernels",
    ),
    "tinypack.ops": ("tinypack.ir", "tinypack.optable", "tinypack.errors"),
    "tinypack.passes": ("tinypack.ops", "tinypack.ir", "tinypack.optable", "tinypack.errors"),
    "tinypack.importers": ("tinypack.ops", "tinypack.ir", "tinypack.errors"),
    # Reading a file is the device package's: one reader, one set of checks.
    "tinypack.model_file": (
        "tinypack.optable",
        "tinypack.errors",
        "tinypack.resources",
        "tinyinfer.model_file",
    ),
    # One set of distances: the engine refuses what the planner must not plan.
    "tinypack.plan": ("tinypack.model_file", "tinypack.optable", "tinyinfer.engine.overlap"),
    "tinypack.quant": ("tinypack.ops", "tinypack.ir", "tinypack.model_file", "tinypack.errors"),
    "tinypack.report": (
        "tinypack.kernels",
        "tinypack.model_file",
        "tinypack.plan",
        "tinypack.optable",
        "tinypack.wording",
    ),
    "tinyinfer.busy": (),
    "tinyinfer.model_file": (),
    "tinyinfer.source": (),
    "tinyinfer.engine": ("tinyinfer.busy", "tinyinfer.model_file"),
    "tinyinfer.backend": (
        "tinyinfer.engine",
        "tinyinfer.kernel_table",
        "tinyinfer.source",
        "_tinyinfer",
    ),
    "tinyinfer.model": (
        "tinyinfer.backend",
        "tinyinfer.busy",
        "tinyinfer.describe",
        "tinyinfer.model_file",
        "tinyinfer.self_test",
        "tinyinfer.source",
    ),
    "tinyinfer.kernel_table": (),
    "tinyinfer.kernels": ("tinyinfer.kernel_table",),
    "tinyinfer.self_test": (
        "tinyinfer.backend",
        "tinyinfer.engine.optable",
        "tinyinfer.kernels",
        "tinyinfer.model_file",
    ),
    "tinyinfer.describe": ("tinyinfer.backend", "tinyinfer.model", "tinyinfer.model_file"),
}
# The only files and folders that may import something.
DOORS = {
    "onnx": (
        "host/tinypack/importers/onnx.py",
        "host/tinypack/importers/_onnx_",
        "host/tinypack/demo/",
    ),
    "tflite": ("host/tinypack/importers/tflite.py",),
    "onnxruntime": ("host/tinypack/calibrate.py",),
    "flatbuffers": ("host/tinypack/model_file/",),
    "click": ("host/tinypack/cli/",),
    "rich": ("host/tinypack/cli/",),
    "sklearn": ("host/tinypack/demo/",),
    "numpy": (
        "host/",
        # asks whether there is a numpy, and is what uses it
        "device/tinyinfer/engine/__init__.py",
        "device/tinyinfer/engine/vector.py",
    ),
    "_tinyinfer": ("device/tinyinfer/backend.py",),
    "tinypack.cli": ("host/tinypack/__main__.py", "host/tinypack/cli/"),
    "tinypack.pipeline": ("host/tinypack/__init__.py", "host/tinypack/cli/"),
    "tinypack": ("host/",),
}
# Packed and installed without these.
NOT_SHIPPED = ("tests", "toolchain", "bench")
# demo/train_digits.py is a program of its own.
TALKERS = ("host/tinypack/cli/", "host/tinypack/__main__.py", "host/tinypack/demo/train_digits.py")

# What each folder or file in C may include; a folder ends with "/".
STANDARD = ("stdbool.h", "stddef.h", "stdint.h", "string.h")
INCLUDES = {
    # kernel.h and below: the records that a block works on
    "arch/": ("arch/", "kernels/kernel.h", "emmintrin.h"),
    # ops.h and table.h: what derives from ops.def
    "kernels/": ("arch/", "kernels/", "engine/ops.h", "engine/table.h"),
    "engine/": (
        "arch/arithmetic.h",
        "arch/family.h",
        "engine/",
        # convolve.c, filters.c: what several kernels share, which no row of ops.def names
        "kernels/convolve.h",
        "kernels/filters.h",
        "kernels/kernel.h",
        "tin.h",
        "ops.def",
    ),
    "tin.h": ("kernels/kernel.h",),
    "modtinyinfer.c": ("py/", "arch/family.h", "tin.h"),
    "natmod/": ("../modtinyinfer.c",),
    "cpython/": ("Python.h", "arch/family.h", "tin.h"),
}
# Through whatever they include, these never reach those.
NEVER_REACH = {
    "kernels/": ("engine/reader.h", "engine/verify.h", "tin.h"),
    "arch/": ("engine/ops.h", "engine/reader.h", "engine/verify.h", "tin.h"),
}
# Words of C that have one place, or none.
ARCH_ONLY = re.compile(r"\b(__asm__|asm|__builtin_\w+|__ARM_\w+|__riscv\w*|__XTENSA__)\b")
NEVER = re.compile(r"\b(malloc|calloc|realloc|free|alloca|float|double|\w*printf|setjmp)\b")


@cache
def shipped() -> dict[str, str]:
    """Python's modules by file."""
    found = {}
    for root in ("host/tinypack", "device/tinyinfer", "device/examples"):
        for path in sorted((CHECKOUT / root).rglob("*.py")):
            module = path.relative_to((CHECKOUT / root).parent).with_suffix("").parts
            name = ".".join(module).removesuffix(".__init__")
            found[path.relative_to(CHECKOUT).as_posix()] = name
    return found


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((CHECKOUT / file).read_text(encoding="utf-8"))


@cache
def imports(file: str) -> frozenset[str]:
    """Dotted names from the top, with what is taken from a module as its last part."""
    package = shipped()[file].split(".")
    if not file.endswith("/__init__.py"):
        package.pop()
    found = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = [*base, node.module] if node.module else base
            found |= {".".join([*base, alias.name]) for alias in node.names}
    return frozenset(found)


def within(name: str, *parts: str) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in parts)


@pytest.mark.parametrize("part", IMPORTS)
def test_part_imports_only_what_is_below(part: str) -> None:
    files = [file for file, module in shipped().items() if within(module, part)]
    assert files
    for file in files:
        ours = {n for n in imports(file) if within(n, "tinypack", "tinyinfer", "_tinyinfer")}
        assert {name for name in ours if not within(name, part, *IMPORTS[part])} == set(), file


@pytest.mark.parametrize("dependency", DOORS)
def test_dependency_comes_in_by_its_doors(dependency: str) -> None:
    users = [f for f in shipped() if any(within(name, dependency) for name in imports(f))]
    for door in DOORS[dependency]:
        assert any(file.startswith(door) for file in users), f"{door} does not need it"
    assert [file for file in users if not file.startswith(DOORS[dependency])] == []


def test_ir_needs_numpy_only() -> None:
    for file, module in shipped().items():
        if within(module, "tinypack.ir"):
            roots = {name.split(".")[0] for name in imports(file)}
            assert roots - sys.stdlib_module_names <= {"numpy", "tinypack"}, file


def test_examples_know_the_package_only() -> None:
    for file in shipped():
        if file.startswith("device/examples/"):
            roots = {name.split(".")[0] for name in imports(file)}
            assert roots - sys.stdlib_module_names == {"tinyinfer"}, file
            assert "tinyinfer" in imports(file), f"{file}: only what the top level offers"


def test_nothing_shipped_needs_what_is_not() -> None:
    for file in shipped():
        assert not [name for name in imports(file) if within(name, *NOT_SHIPPED)], file


def test_only_the_command_line_prints_or_exits() -> None:
    for file in shipped():
        if file.startswith("host/") and not file.startswith(TALKERS):
            calls = (node for node in ast.walk(tree(file)) if isinstance(node, ast.Call))
            called = {ast.unparse(node.func) for node in calls}
            assert called.isdisjoint({"print", "exit", "sys.exit", "quit", "SystemExit"}), file


NATIVE = CHECKOUT / "native_modules/tinyinfer"


@cache
def c_files() -> tuple[str, ...]:
    paths = (path for suffix in ("c", "h") for path in NATIVE.rglob(f"*.{suffix}"))
    names = (path.relative_to(NATIVE).as_posix() for path in paths)
    return tuple(sorted(name for name in names if not name.startswith("natmod/build")))


def c_files_in(*folders: str) -> list[str]:
    found = [file for file in c_files() if file.startswith(folders)]
    assert found
    return found


def without_comments(text: str) -> str:
    """Without what strings hold, too; assembler in strings is behind its own word."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"'
    return re.sub(pattern, lambda m: '""' if m[0][0] == '"' else " ", text, flags=re.DOTALL)


@cache
def code(file: str) -> str:
    return without_comments((NATIVE / file).read_text(encoding="utf-8"))


@cache
def includes(file: str) -> frozenset[str]:
    text = (NATIVE / file).read_text(encoding="utf-8")
    return frozenset(re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.MULTILINE))


def reached(file: str) -> set[str]:
    seen, left = set(), [file]
    while left:
        for name in includes(left.pop()) - seen:
            seen.add(name)
            if name in c_files():
                left.append(name)
    return seen


def test_every_c_file_has_a_rule() -> None:
    assert [file for file in c_files() if not file.startswith(tuple(INCLUDES))] == []


@pytest.mark.parametrize("part", INCLUDES)
def test_part_includes_only_what_is_below(part: str) -> None:
    allowed = INCLUDES[part]
    for file in c_files_in(part):
        others = {name for name in includes(file) if not name.startswith(allowed)}
        assert others <= set(STANDARD), file


@pytest.mark.parametrize("part", NEVER_REACH)
def test_part_never_reaches_what_is_above(part: str) -> None:
    for file in c_files_in(part):
        assert reached(file).isdisjoint(NEVER_REACH[part]), file


def test_cores_have_names_in_arch_only() -> None:
    assert any(ARCH_ONLY.search(code(file)) for file in c_files_in("arch/"))
    for file in c_files_in("engine/", "kernels/", "tin.h"):
        assert not ARCH_ONLY.findall(code(file)), file


def test_no_heap_float_or_stdio() -> None:
    for file in c_files_in("engine/", "kernels/", "arch/", "tin.h"):
        assert not NEVER.findall(code(file)), file


def writable(text: str) -> list[str]:
    """Declarations of variables that outlive a call and are not constant.

    tests/kernels/test_build.py looks for them in objects; this needs no compiler.
    """
    text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.MULTILINE)
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", text)
    # up to the name, the first bracket or the value
    found = re.findall(r"\bstatic\s+([^;=(\[{]+)[;=\[]", text)
    while (flat := re.sub(r"\{[^{}]*\}", "\x00", text)) != text:
        text = flat
    text = re.sub(r"\)\s*\x00", ");", text)
    for declaration in text.split(";"):
        if re.match(r"\s*(typedef|extern|static)\b|\s*$", declaration):
            continue
        head = re.split(r"[=\[]", declaration)[0].strip()
        if "(" not in head and not re.fullmatch(r"(struct|union|enum)(\s+\w+)?\s*\x00?", head):
            found.append(head)
    # of a pointer, what follows the last star must be const
    return [head for head in found if not re.search(r"\bconst\b", head.rpartition("*")[2])]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("static int counter;", ["counter"]),
        ("int32_t table[2] = {1, 2};", ["table"]),
        ("void f(void) {\n    static uint8_t seen = 0;\n}", ["seen"]),
        ("static const char *text;", ["text"]),
        ("struct state { int a; } state;", ["state"]),
        ("static const char *const names[] = {0};\nconst int8_t one = 1;", []),
        ("typedef struct { int a; } a_t;\nenum { A, B };\nstruct a;\nextern const int b;", []),
        ("static int32_t f(int a) {\n    int b = a;\n    return b;\n}\nint g(void);", []),
    ],
)
def test_writable_finds_variables_only(text: str, names: list[str]) -> None:
    assert [re.findall(r"\w+", head)[-1] for head in writable(text)] == names


def test_no_writable_globals() -> None:
    for file in c_files_in("engine/", "kernels/", "arch/", "tin.h"):
        assert writable(code(file)) == [], file
