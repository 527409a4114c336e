"""Runs programs quietly: their output goes to a log file, and its last lines into the error."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from toolchain import ToolchainError

TAIL_LINES = 15


@contextmanager
def step(title: str) -> Iterator[None]:
    """Says on stderr what is being made, and how long it took."""
    start = time.monotonic()
    print(f"toolchain: {title} ...", file=sys.stderr, flush=True)
    yield
    print(f"toolchain: {title}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def run(
    command: Sequence[object],
    log: Path,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    rename: tuple[Path, Path] | None = None,
) -> None:
    """Runs a command, appending its output to `log`.

    `rename` = (snapshot, original): compilers name files of the snapshot, the reader wants to
    open the original.
    """
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as output:
        output.write("$ " + " ".join(words) + "\n")
        output.flush()
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        lines = log.read_text(errors="replace").splitlines()
        if rename:
            lines = [line.replace(str(rename[0]), str(rename[1])) for line in lines]
        tail = "\n".join(f"    {line}" for line in lines[-TAIL_LINES:])
        raise ToolchainError(f"{words[0]} failed; the whole log is {log}; its end:\n{tail}")
