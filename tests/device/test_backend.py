"""Which engine is chosen: a native module that is there but broken is never passed over."""

import pytest

from tests.targets import NO_FILES, PYTHON_ENGINE_NOTICE, TIMEOUT, Target, TargetError

IMPORT = "import tinyinfer\nprint(tinyinfer.BACKEND)\n"


@pytest.mark.targets("UNIX-python", "QEMU_M3-python")
def test_one_line_says_that_the_python_engine_runs(target: Target) -> None:
    lines = target.execute(IMPORT * 2, NO_FILES, TIMEOUT).split("\n")
    assert lines[0].startswith(PYTHON_ENGINE_NOTICE)
    assert [line.strip() for line in lines[1:]] == ["python", "python", ""]


@pytest.mark.targets("UNIX-python")
@pytest.mark.parametrize("content", [b"", b"M\x06\xff\x1f", b"C\x06\x00\x1f\x00\x00", b"garbage"])
def test_broken_native_module_is_an_error(target: Target, content: bytes) -> None:
    with pytest.raises(TargetError, match=r"ValueError|EOFError"):
        target.run(IMPORT, {"_tinyinfer.mpy": content})


@pytest.mark.targets("host-cpython")
@pytest.mark.parametrize("content", ["import no_such_module", "raise ImportError('broken')"])
def test_broken_extension_is_an_error(target: Target, content: str) -> None:
    with pytest.raises(TargetError, match=r"no_such_module|broken"):
        target.run(IMPORT, {"_tinyinfer.py": content.encode()})


@pytest.mark.targets("host-*", "UNIX-*")
def test_environment_chooses_the_python_engine(target: Target) -> None:
    choose = "import os\nos.{}('TINYINFER_BACKEND', '{}')\n"
    put = "putenv" if target.name.startswith("UNIX") else "environ.__setitem__"
    printed = target.execute(choose.format(put, "python") + IMPORT, NO_FILES, TIMEOUT)
    assert printed == "python\n"
    with pytest.raises(TargetError, match="only python can be chosen"):
        target.run(choose.format(put, "fast") + IMPORT)
