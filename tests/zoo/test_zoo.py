"""The share of architectures that pack may only rise."""

import pytest

from tests.host.plan import poison

from . import report

# What may be refused, and why.
REFUSED = {
    "tf2onnx_gru": "build them with unroll=True",
    "tf2onnx_rnn": "build them with unroll=True",
}


@pytest.mark.parametrize("name", report.NETS)
def test_architecture(name, tmp_path):
    found = report.result(name, tmp_path)
    if found.status == "refused":
        assert REFUSED[name] in found.detail and "\n" not in found.detail
    else:
        assert found.status == "packed", found
        poison.check(found.model)


def test_most_pack():
    assert len(report.NETS) >= 122
    assert 1 - len(REFUSED) / len(report.NETS) >= 0.98
