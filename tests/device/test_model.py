"""tinyinfer.Model, the same checks on every target."""

from pathlib import Path

from tests.checks import run_checks
from tests.module.small_models import files
from tests.targets import Target


def test_model(target: Target) -> None:
    run_checks(target, Path(__file__).with_name("model_checks.py"), files())
