"""Where built things are kept: outside the repository, under the hash of what made them.

- artifacts/<name>-<key>/<file>: finished; the key hashes everything that went into it
- work/<name>-<recipe>/: sources and objects of the last build, for make to build on
- logs/<name>.log
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from toolchain import CHECKOUT, ToolchainError
from toolchain.log import step

KEEP_DAYS = 14
Snapshot = Mapping[Path, bytes]  # relative path -> content


def root() -> Path:
    return Path(os.environ.get("TINYINFER_CACHE") or Path.home() / ".cache" / "tinyinfer")


def log_path(name: str) -> Path:
    return root() / "logs" / f"{name}.log"


def digest(*parts: object) -> str:
    sha = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        sha.update(len(data).to_bytes(8, "little") + data)
    return sha.hexdigest()[:16]


def snapshot(*names: str, suffixes: Iterable[str] = ()) -> dict[Path, bytes]:
    """These files of the checkout, and those in these folders, as they are now."""
    wanted = tuple(suffixes)
    found = {}
    for top in (CHECKOUT / name for name in names):
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            chosen = not wanted or path.name.endswith(wanted)
            if chosen and path.is_file() and "__pycache__" not in path.parts:
                found[path.relative_to(CHECKOUT)] = path.read_bytes()
    return found


def digest_snapshot(files: Snapshot) -> str:
    return digest(*(part for path, data in sorted(files.items()) for part in (path, data)))


def write_snapshot(files: Snapshot, folder: Path) -> None:
    """Writes what differs: an unchanged file keeps its time stamp, so that make trusts it."""
    for name, data in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _has_others(files: Snapshot, folder: Path) -> bool:
    return any(
        path.is_file() and path.relative_to(folder) not in files for path in folder.rglob("*")
    )


@cache
def program_version(program: str) -> str:
    """First line of `program --version`: a new compiler makes new artifacts."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return "none"
    return done.stdout.partition("\n")[0]


def recipe_version(module_file: str) -> str:
    """Hash of a module that builds something: a changed recipe makes new artifacts."""
    return digest(Path(module_file).read_bytes())


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Keeps a second caller, in this process or another, waiting."""
    path = root() / "locks" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def artifact(name: str, recipe: str, files: Snapshot, build: Callable[[Path, Path], Path]) -> Path:
    """Path of the artifact made from `files` by `recipe`; builds it first if there is none.

    `build(work, log)` makes it and returns its path. `work`/src holds `files`; what else is in
    `work` is left from the last build by the same recipe, unless that was killed or a file has
    gone since.
    """
    key = digest(name, recipe, digest_snapshot(files))
    store = root() / "artifacts" / f"{name}-{key}"
    work = root() / "work" / f"{name}-{digest(recipe)}"
    log = log_path(name)
    unfinished = work / "unfinished"
    with locked(work.name):
        found = _stored(store)
        if found:
            return found
        with step(name):
            log.unlink(missing_ok=True)
            if unfinished.exists() or _has_others(files, work / "src"):
                shutil.rmtree(work)
            work.mkdir(parents=True, exist_ok=True)
            unfinished.touch()
            write_snapshot(files, work / "src")
            try:
                product = build(work, log)
            except ToolchainError:
                unfinished.unlink()
                raise
            _store(product, store)
            unfinished.unlink()
        _prune()
    return store / product.name


def _stored(store: Path) -> Path | None:
    if not store.is_dir():
        return None
    os.utime(store)
    return next(store.iterdir())


def _store(product: Path, store: Path) -> None:
    """Puts the product in place by one rename: a killed build leaves nothing half done."""
    part = store.with_name(f".{store.name}.{os.getpid()}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    if product.is_dir():
        product.rename(part / product.name)
    else:
        shutil.copy2(product, part / product.name)
    part.rename(store)


def _prune() -> None:
    """Forgets what nobody has asked for in a fortnight."""
    limit = time.time() - KEEP_DAYS * 86400
    for folder in ("artifacts", "work"):
        for path in (root() / folder).iterdir():
            if path.stat().st_mtime < limit:
                shutil.rmtree(path, ignore_errors=True)
