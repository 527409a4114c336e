"""tinyinfer.Model, the same checks on every target."""

from pathlib import Path

import pytest
from tinypack.model_file import ModelSpec, NodeSpec, TensorSpec, write_model

from tests.checks import run_checks
from tests.module.small_models import files
from tests.targets import TIMEOUT, Target


def test_model(target: Target) -> None:
    run_checks(target, Path(__file__).with_name("model_checks.py"), files())


OPEN = """
import tinyinfer
try:
    tinyinfer.Model("wrong.tinf")
except ValueError as error:
    print(error)
"""


@pytest.mark.targets("host-*", "UNIX-*")
def test_a_refused_file_names_the_attribute(target: Target) -> None:
    x, y = (TensorSpec((1, 4, 4, 1), "s8", offset=at) for at in (0, 16))
    node = NodeSpec("max_pool_2d", (0,), (1,), {"stride_h": 0})
    file = write_model(ModelSpec((x, y), (node,), (0,), (1,), arena_bytes=32))
    printed = target.execute(OPEN, {"wrong.tinf": file}, TIMEOUT)
    assert printed.strip().endswith("node 0: bad attribute stride_h")
