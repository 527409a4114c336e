"""toolchain/packages: what is missing is installed as root and named otherwise."""

import os

import pytest

from toolchain import Missing, packages


@pytest.fixture
def lathe(tmp_path, monkeypatch):
    """A tool that is there once its file exists, and an apt-get that makes it."""
    monkeypatch.setenv("TINYINFER_CACHE", str(tmp_path / "cache"))
    tool = tmp_path / "lathe"
    monkeypatch.setitem(
        packages.TOOLS, "lathe", packages.Tool(f"test -f {tool}", ("lathe", "lathe-dev"))
    )
    apt = tmp_path / "bin" / "apt-get"
    apt.parent.mkdir()
    apt.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\n[ "$5" != install ] || touch {tool}\n'
    )
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{apt.parent}{os.pathsep}{os.environ['PATH']}")
    packages.need.cache_clear()
    yield tmp_path
    packages.need.cache_clear()


def test_root_installs_without_recommends(lathe, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    packages.need("make", "lathe")
    calls = (lathe / "calls").read_text().splitlines()
    assert [call.split()[4] for call in calls] == ["update", "install"]
    assert calls[1].endswith("install --no-install-recommends lathe lathe-dev")


def test_others_are_told_the_command(lathe, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    message = "lathe not found: apt-get install --no-install-recommends lathe lathe-dev"
    with pytest.raises(Missing, match=message):
        packages.need("make", "lathe")
    assert not (lathe / "calls").exists()


def test_nothing_is_installed_twice(lathe, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (lathe / "lathe").touch()
    packages.need("lathe")
    assert not (lathe / "calls").exists()
