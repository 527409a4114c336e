"""toolchain/cache: what is built once stays until what it is made from changes."""

import multiprocessing
import time
from pathlib import Path

import pytest

from toolchain import ToolchainError, cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYINFER_CACHE", str(tmp_path / "cache"))


class Builder:
    """Joins the snapshot's files; remembers what it found in the work folder."""

    def __init__(self, fails=False):
        self.runs = 0
        self.leftovers = []
        self.fails = fails

    def __call__(self, work: Path, log: Path) -> Path:
        self.runs += 1
        self.leftovers.append((work / "objects").exists())
        (work / "objects").touch()
        if self.fails:
            raise ToolchainError("no")
        product = work / "product"
        product.write_bytes(b"".join(p.read_bytes() for p in sorted((work / "src").rglob("?.c"))))
        return product


def files(**contents: str) -> dict[Path, bytes]:
    return {Path("folder", f"{name}.c"): text.encode() for name, text in contents.items()}


def test_built_once():
    build = Builder()
    made = [cache.artifact("thing", "recipe", files(a="1"), build) for _ in range(3)]
    assert build.runs == 1
    assert {path.read_bytes() for path in made} == {b"1"}


def test_changed_file_builds_on_the_last_objects():
    build = Builder()
    cache.artifact("thing", "recipe", files(a="1", b="2"), build)
    changed = cache.artifact("thing", "recipe", files(a="1", b="3"), build)
    assert changed.read_bytes() == b"13"
    assert build.leftovers == [False, True]


def test_unchanged_file_keeps_its_time_stamp():
    stamps = []

    def build(work, log):
        stamps.append((work / "src/folder/a.c").stat().st_mtime_ns)
        return Builder()(work, log)

    cache.artifact("thing", "recipe", files(a="1", b="2"), build)
    cache.artifact("thing", "recipe", files(a="1", b="3"), build)
    assert stamps[0] == stamps[1]


def test_removed_file_builds_from_nothing():
    build = Builder()
    cache.artifact("thing", "recipe", files(a="1", b="2"), build)
    assert cache.artifact("thing", "recipe", files(a="1"), build).read_bytes() == b"1"
    assert build.leftovers == [False, False]


def test_changed_recipe_builds_from_nothing():
    build = Builder()
    cache.artifact("thing", "recipe", files(a="1"), build)
    cache.artifact("thing", "other recipe", files(a="1"), build)
    assert build.leftovers == [False, False]


def test_failure_leaves_no_artifact():
    with pytest.raises(ToolchainError):
        cache.artifact("thing", "recipe", files(a="1"), Builder(fails=True))
    build = Builder()
    assert cache.artifact("thing", "recipe", files(a="1"), build).read_bytes() == b"1"
    assert build.runs == 1


def test_killed_build_starts_from_nothing():
    class Killed(BaseException):
        pass

    def build(work, log):
        (work / "objects").touch()
        raise Killed

    with pytest.raises(Killed):
        cache.artifact("thing", "recipe", files(a="1"), build)
    after = Builder()
    cache.artifact("thing", "recipe", files(a="1"), after)
    assert after.leftovers == [False]


def _build_slowly(started, runs):
    def build(work, log):
        started.set()
        time.sleep(0.3)
        with runs.get_lock():
            runs.value += 1
        return Builder()(work, log)

    cache.artifact("thing", "recipe", files(a="1"), build)


def test_two_callers_build_once():
    context = multiprocessing.get_context("fork")
    started, runs = context.Event(), context.Value("i", 0)
    callers = [context.Process(target=_build_slowly, args=(started, runs)) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
        assert caller.exitcode == 0
    assert runs.value == 1


def test_forgets_what_nobody_asked_for(monkeypatch):
    old = cache.artifact("old", "recipe", files(a="1"), Builder())
    monkeypatch.setattr(cache, "KEEP_DAYS", -1)
    cache.artifact("new", "recipe", files(a="1"), Builder())
    assert not old.exists()
