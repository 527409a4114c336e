"""Masks of attention, as exporters write them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from tinypack.calibrate import reference
from tinypack.execute import run_samples
from tinypack.pipeline import pack
from tinypack.quant.observe import signal_to_noise
from tinypack.samples import Samples

from tests.zoo.builder import Net

TOKENS, WIDTH = 12, 16
CAUSAL = np.tri(TOKENS, dtype=bool)
LEAST_FLOAT = float(np.finfo(np.float32).min)
Mask = Callable[[Net, str], str]


def added(away: float) -> Mask:
    return lambda n, scores: n.op("Add", scores, n.constant(np.where(CAUSAL, 0, away)))


def chosen(away: float) -> Mask:
    def mask(n: Net, scores: str) -> str:
        return n.op("Where", n.constant(CAUSAL, bool), scores, n.constant(away))

    return mask


def with_slopes(n: Net, scores: str) -> str:
    """Position biases in the same constant."""
    distance = np.arange(TOKENS)[:, None] - np.arange(TOKENS)
    slopes = np.array([0.1, 0.4])[:, None, None]
    return n.op("Add", scores, n.constant(np.where(CAUSAL, -slopes * distance, -np.inf)))


MASKS: dict[str, Mask] = {
    "added_infinity": added(-np.inf),
    "added_least": added(LEAST_FLOAT),
    "added_10000": added(-10000.0),
    "chosen_infinity": chosen(-np.inf),
    "chosen_1e9": chosen(-1e9),
    "with_slopes": with_slopes,
}


@pytest.mark.parametrize("precision", ["int8", "int16"])
@pytest.mark.parametrize("mask", MASKS)
def test_masked_attention(mask: str, precision: str, tmp_path: Path) -> None:
    n = Net("masked", opset=13)
    x = n.input(1, TOKENS, WIDTH)
    n_model = n.model(n.attention(x, TOKENS, WIDTH, 2, lambda scores: MASKS[mask](n, scores)))
    path = tmp_path / "model.onnx"
    onnx.save(n_model, path)
    rng = np.random.default_rng(0)
    seen, unseen = (2 * rng.standard_normal((64, 1, TOKENS, WIDTH)).astype("f4") for _ in range(2))
    packed = pack(path, Samples(seen), precision=precision)
    (y,) = run_samples(packed.file, [unseen])
    exact = reference(path, unseen)[0].reshape(y.shape)
    assert signal_to_noise(exact, y) > {"int8": 26, "int16": 38}[precision]
    # The first token sees itself alone.
    later = unseen.copy()
    later[:, :, 1:] = 0
    (other,) = run_samples(packed.file, [later])
    assert np.abs(other - y)[:, :, 0].max() <= 0.02 * np.abs(y).max()
