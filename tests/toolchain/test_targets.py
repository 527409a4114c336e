"""tests/targets: a target returns what a script printed, or raises with it."""

import subprocess
import sys

import pytest

from tests.targets import TargetError
from toolchain import CHECKOUT


def test_prints_and_reads_files(target):
    script = "print(open('folder/a.txt').read())\nprint(1 + 1)\n"
    assert target.run(script, {"folder/a.txt": b"contents"}) == "contents\n2\n"


def test_scripts_do_not_see_each_other(target):
    target.run("import sys\nsys.modules['left_behind'] = sys\nleft_behind = 1\n")
    assert target.run("import sys\nprint('left_behind' in sys.modules)\n") == "False\n"


def test_exception_carries_the_output(target):
    with pytest.raises(TargetError, match=r"(?s)before.*ValueError: wrong"):
        target.run("print('before')\nraise ValueError('wrong')\n")


@pytest.mark.targets("*-usermod", "host-python")
def test_silence_is_an_error(target):
    with pytest.raises(TargetError, match="before"):
        target.run("print('before')\nwhile True: pass\n", timeout=2)


@pytest.mark.targets("QEMU_*-usermod")
def test_time_and_asyncio(target):
    script = (
        "import asyncio, time\n"
        "async def main():\n"
        "    await asyncio.sleep_ms(20)\n"
        "start = time.ticks_ms()\n"
        "asyncio.run(main())\n"
        "time.sleep_ms(20)\n"
        "print(40 <= time.ticks_diff(time.ticks_ms(), start) < 1000)\n"
    )
    assert target.run(script) == "True\n"


@pytest.mark.targets("QEMU_*-usermod")
def test_romfs_is_read_in_place(target):
    script = (
        "import uctypes, vfs\n"
        "rom = vfs.rom_ioctl(2, 0)\n"
        "start = uctypes.addressof(rom)\n"
        "data = memoryview(open('data.bin', 'rb'))\n"
        "print(start < uctypes.addressof(data) < start + len(rom), bytes(data))\n"
    )
    assert target.run(script, {"data.bin": b"abc"}) == "True b'abc'\n"


def run_pytest(folder, test, **environment):
    (folder / "test_it.py").write_text(test)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    config = f"--config-file={CHECKOUT / 'pyproject.toml'}"
    return subprocess.run(
        [*command, config, f"--rootdir={folder}", str(folder / "test_it.py")],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


SKIPS = "import pytest\ndef test_a():\n    pytest.skip('the toaster is missing')\n"


def test_skip_is_allowed_on_a_desk(tmp_path):
    done = run_pytest(tmp_path, SKIPS)
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout
    assert "the toaster is missing" in done.stdout


def test_skip_fails_in_ci(tmp_path):
    done = run_pytest(tmp_path, SKIPS, CI="true")
    assert done.returncode == 1, done.stdout
    assert "skipped, which CI does not accept" in done.stdout


def test_shared_models_may_be_missing_in_ci(tmp_path):
    done = run_pytest(tmp_path, "def test_a(shared_models): pass\n", CI="true")
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout


def test_unknown_target_names_the_choices(tmp_path):
    command = [sys.executable, "-m", "pytest", "--target", "nonsense", "tests/toolchain"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "--target: there are host-cpython, host-python" in done.stdout + done.stderr
