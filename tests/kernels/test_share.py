"""Nearly all multiply-accumulates run in kernels that were written for the core, those that
`tinypack info` and profile() name."""

import pytest

from bench import models, share
from bench.cores import load_cores

CORES = {name: load_cores()[name] for name in ("m4", "m0p", "rv32", "xtensa")}
TOLD = ("conv_2d", "depthwise_conv_2d", "fully_connected")


@pytest.mark.parametrize("core", CORES)
def test_share(core: str) -> None:
    """Of each random network, and of each one that TINYINFER_MODELS has. Each operator of each one
    runs what it is said to run."""
    _, complaints = share.table(CORES[core], models.shared_and_random(), nodes=False)
    assert not complaints


@pytest.mark.parametrize("core", CORES)
def test_all_is_told(core: str) -> None:
    """No way through these operators escapes the count, nor is one counted twice."""
    for name in ("kws_seeded", "ic_seeded", "ad", "random_0", "random_1", "random_6"):
        for precision in (*models.PRECISIONS, models.WIDE):
            nodes = share.counted(CORES[core], models.packed(name, precision))
            assert [n for n in nodes if n.op in TOLD and n.ran.total() != n.macs] == []
            assert sum(n.op in TOLD for n in nodes) >= 3
            assert share.misnamed(name, nodes) == []
            assert share.share(nodes) >= share.GOAL
