"""Widths per layer: what is predicted, what is chosen, what stays out of it."""

import numpy as np
import pytest
from tinypack import cli
from tinypack.auto import choose_widths, expected_loss
from tinypack.demo import MODEL, SAMPLES
from tinypack.errors import PackError
from tinypack.pipeline import load, pack
from tinypack.quant.mixed import narrowing_order
from tinypack.quant.sensitivity import decision_graph, layer_noise
from tinypack.report import cost
from tinypack.samples import Samples, load_calibration


@pytest.fixture(scope="module")
def calibration() -> Samples:
    return load_calibration(SAMPLES)


@pytest.fixture(scope="module")
def graph():
    return decision_graph(load(MODEL).graph)


@pytest.fixture(scope="module")
def inputs(graph, calibration):
    return [calibration.x.reshape(len(calibration), *graph.inputs[0].shape)]


@pytest.mark.parametrize("classes", [5, 1])
def test_predicted_loss_is_what_noise_of_that_size_costs_on_average(classes):
    """Of a model that is less sure than it might be."""
    rng = np.random.default_rng(1)
    exact = rng.normal(0, 2, (1000, classes))
    both = exact if classes > 1 else np.concatenate([-exact, exact], axis=1) / 2
    targets = (2 * both + rng.gumbel(size=both.shape)).argmax(1)
    right = np.exp(2 * both) / np.exp(2 * both).sum(1, keepdims=True)
    noise = 0.5

    def accuracy(decided):
        answers = decided.argmax(1) if classes > 1 else (decided[:, 0] > 0).astype(int)
        return right[np.arange(len(right)), answers].mean()

    noisy = [accuracy(exact + rng.normal(0, noise, exact.shape)) for _ in range(100)]
    seen = accuracy(exact) - np.mean(noisy)
    predicted = expected_loss(exact, exact + rng.normal(0, noise, exact.shape), targets, True)
    assert predicted == pytest.approx(100 * seen, rel=0.15)
    assert expected_loss(exact, exact, targets, True) == pytest.approx(0)
    assert expected_loss(exact, exact, None, True) == pytest.approx(0)


def test_of_numbers_it_is_the_share_of_the_variance():
    exact = np.random.default_rng(2).normal(5, 3, (5000, 1))
    assert expected_loss(exact, exact + 0.3, None, False) == pytest.approx(1, rel=0.1)


def test_a_layer_alone_makes_less_noise_the_wider_it_is(graph, inputs):
    narrow = [n for n in layer_noise(graph, inputs, "int4") if n.weights is not None]
    wide = [n for n in layer_noise(graph, inputs, "int8") if n.weights is not None]
    assert len(narrow) > 3
    for a, b in zip(narrow, wide, strict=True):
        assert a.node is b.node and a.dtype == "s4" and b.dtype == "s8"
        assert b.weights < a.weights / 8
    assert all(n.output is not None and n.output > 0 for n in wide)


def test_what_stays_wide_in_any_case_is_small(graph, inputs):
    order = narrowing_order(graph, inputs)
    assert sum(layer.noise for layer in (*order.layers, *order.dear)) == pytest.approx(1)
    assert sum(layer.weights for layer in order.dear) <= 1 / 16
    costs = [layer.noise / layer.weights for layer in order.layers]
    assert costs == sorted(costs)
    assert list(order.widths(1).values()).count("s4") == 1


def test_the_smaller_the_allowed_loss_the_larger_the_file(calibration):
    sizes = []
    for drop in (5.0, 0.2, 0.0):
        packed = pack(MODEL, calibration, precision="auto", max_drop=drop)
        sizes.append(cost(packed.model, len(packed.file)).weight_bytes)
        assert packed.choice.loss <= max(drop / 2, packed.choice.loss * (drop == 0))
    int8, int4 = (
        cost((p := pack(MODEL, calibration, precision=width)).model, len(p.file)).weight_bytes
        for width in ("int8", "int4")
    )
    assert int4 <= sizes[0] <= sizes[1] <= sizes[2] == int8
    assert sizes[0] <= 0.53 * int8


def test_a_class_without_samples_keeps_all_weights_wide(graph, inputs):
    answers = load_calibration(SAMPLES).y
    some = [inputs[0][answers != 3]]

    def fitted(widths, seen, unseen):
        raise AssertionError("not asked") if "s4" in widths.values() else _Stop

    with pytest.raises(_Stop):
        choose_widths(graph, some, None, 5.0, True, fitted)
    # The targets say so even where the model finds the class.
    with pytest.raises(_Stop):
        choose_widths(graph, inputs, np.where(answers == 3, 4, answers), 5.0, True, fitted)


class _Stop(Exception):
    pass


def test_it_is_said(tmp_path, capsys):
    arrays = np.load(SAMPLES)
    keep = arrays["y_calib"] != 3
    path = tmp_path / "part.npz"
    np.savez(path, x_calib=arrays["x_calib"][keep], y_calib=arrays["y_calib"][keep])
    out = tmp_path / "m.tinf"
    arguments = ["pack", MODEL, "--calib", path, "--precision", "auto", "-o", out]
    assert cli.main([str(a) for a in arguments]) == 0
    said = capsys.readouterr()
    assert "no calibration sample is of class 3" in said.err
    assert "all s8" in said.out and "s4  " not in said.out


def test_without_samples_to_judge_by_it_is_refused():
    with pytest.raises(PackError, match="judges on real samples"):
        pack(MODEL, precision="auto")
    few = load_calibration(SAMPLES).pick(np.arange(5))
    with pytest.raises(PackError, match="needs 20 calibration samples"):
        pack(MODEL, few, precision="auto")


@pytest.mark.parametrize("precision", ["int8", "auto"])
def test_test_samples_change_no_byte(tmp_path, precision):
    arrays = dict(np.load(SAMPLES))
    rng = np.random.default_rng(0)
    others = arrays | {
        "x_test": rng.normal(size=arrays["x_test"].shape).astype(np.float32),
        "y_test": rng.permutation(arrays["y_test"]),
    }
    files = []
    for name, content in (("a", arrays), ("b", others)):
        samples, out = tmp_path / f"{name}.npz", tmp_path / f"{name}.tinf"
        np.savez(samples, **content)
        arguments = ["pack", MODEL, "--calib", samples, "--precision", precision, "-o", out]
        assert cli.main([str(a) for a in (*arguments, "--json")]) == 0
        files.append(out.read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("option", "said"),
    [("--max-flash", "narrow the weights with --precision int4"), ("--max-ram", "in any plan")],
)
def test_budgets_are_kept(tmp_path, capsys, option, said):
    out = tmp_path / "m.tinf"
    arguments = ["pack", MODEL, "--calib", SAMPLES, option, "500", "-o", out]
    assert cli.main([str(a) for a in arguments]) == 2
    assert said in capsys.readouterr().err and not out.exists()
