"""toolchain/xtensa: where QEMU's tables come from, and what is said where they cannot be had."""

from pathlib import Path

import pytest

from toolchain import ToolchainError, xtensa


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYINFER_CACHE", str(tmp_path / "cache"))
    xtensa._qemu.cache_clear()
    yield
    xtensa._qemu.cache_clear()


def test_without_network_the_remedy_is_named(monkeypatch):
    def unpack(*arguments):
        raise ToolchainError("apt-get failed; the whole log is somewhere")

    monkeypatch.delenv("QEMU_DIR", raising=False)
    monkeypatch.setattr(xtensa, "unpack", unpack)
    with pytest.raises(ToolchainError, match=r"Debian \w+ \(apt-get failed\).*set QEMU_DIR to"):
        xtensa._qemu()


def test_own_source_tree(tmp_path, monkeypatch):
    monkeypatch.setenv("QEMU_DIR", str(tmp_path))
    with pytest.raises(ToolchainError, match=r"holds no target/xtensa/core-\w+/xtensa-modules"):
        xtensa._qemu()
    tables = tmp_path / "target/xtensa/core-de212/xtensa-modules.c.inc"
    tables.parent.mkdir(parents=True)
    tables.touch()
    assert xtensa._qemu() == Path(tmp_path).resolve()
