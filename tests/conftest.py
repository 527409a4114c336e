"""Fixtures: `target` runs a test on each selected target, `shared_models` is the large model set.

A skip says aloud what this machine lacks. In CI (CI set in the environment) it is a failure,
except for the shared models: what a machine of this kind can run has to run.
"""

import fnmatch
import os
import sys
from collections.abc import Generator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.targets import SerialTarget, Target, TargetError, is_serial_port, known_targets
from toolchain import Missing, ToolchainError
from toolchain.extension import extension

NO_SHARED_MODELS = "shared models: TINYINFER_MODELS names no folder"


def _use_fresh_extension() -> str:
    """Puts this checkout's C engine before an installed one, for tests that import tinyinfer."""
    try:
        folder = extension(sanitize=bool(os.environ.get("TINYINFER_SANITIZE")))
    except ToolchainError as error:
        return f"NOT BUILT, tests in this process run what is installed: {error}"
    sys.path.insert(0, str(folder))
    return str(next(folder.iterdir()))


extension_status = _use_fresh_extension()
described: dict[str, str] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--target",
        action="append",
        metavar="NAME",
        help="only these targets: name, pattern such as 'QEMU_*', or serial port; repeatable",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "targets(*patterns): run on these of the targets only")


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [
        f"_tinyinfer for this Python: {extension_status}",
        f"targets: {', '.join(_selected(config))}",
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "target" in metafunc.fixturenames:
        names = _selected(metafunc.config)
        for mark in metafunc.definition.iter_markers("targets"):
            names = [name for name in names if _matches(name, mark.args)]
        metafunc.parametrize("target", names, indirect=True, scope="session")


def _selected(config: pytest.Config) -> list[str]:
    patterns = config.getoption("--target")
    if not patterns:
        return list(known_targets())
    ports = [pattern for pattern in patterns if is_serial_port(pattern)]
    names = [name for name in known_targets() if _matches(name, patterns)]
    if not ports + names:
        raise pytest.UsageError(f"--target: there are {', '.join(known_targets())}")
    return names + ports


def _matches(name: str, patterns: tuple[str, ...] | list[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


@cache
def _target(name: str) -> Target | ToolchainError | TargetError:
    """Builds a target and checks its engine once; a failure is kept and not tried again."""
    try:
        target = SerialTarget(name) if is_serial_port(name) else known_targets()[name]()
        described[name] = target.describe()
    except (ToolchainError, TargetError) as error:
        return error
    return target


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Target:
    made = _target(request.param)
    if isinstance(made, Missing):
        pytest.skip(f"{request.param}: {made}")
    if isinstance(made, Exception):
        pytest.fail(str(made), pytrace=False)
    return made


@pytest.fixture(scope="session")
def shared_models() -> Path:
    folder = os.environ.get("TINYINFER_MODELS")
    if not folder or not Path(folder).is_dir():
        pytest.skip(NO_SHARED_MODELS)
    return Path(folder)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if NO_SHARED_MODELS not in reason:
            report.outcome = "failed"
            report.longrepr = f"skipped, which CI does not accept: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, description in described.items():
        terminalreporter.write_line(f"{name}: {description}")
