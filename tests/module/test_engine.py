"""The engine's interface, the same checks on every target."""

from pathlib import Path

import pytest

from tests.checks import run_checks
from tests.module.small_models import files
from tests.targets import Target


def test_engine(target: Target) -> None:
    run_checks(target, Path(__file__).with_name("engine_checks.py"), files())


@pytest.mark.targets("UNIX-usermod", "UNIX-natmod")
def test_second_run_from_another_thread(target: Target) -> None:
    """The unix port's threads have no global lock: the one place where a run can meet another."""
    run_checks(target, Path(__file__).with_name("thread_checks.py"), files())
