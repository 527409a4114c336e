"""Metrics against their definitions."""

import numpy as np
import pytest
from tinypack.errors import PackError
from tinypack.metrics import agreement, choose_metric, confusion, is_choice, score

X = np.zeros((4, 3), np.float32)


def column(*values):
    return np.array(values, np.float32)[:, None]


def test_top1_counts_the_right_classes():
    outputs = np.array([[0.1, 0.9], [0.8, 0.2], [0.5, 0.5], [0.2, 0.8]], np.float32)
    assert score("top1", outputs, np.array([1, 0, 1, 1]), X) == 0.75
    one_hot = np.array([[0, 1], [1, 0], [0, 1], [0, 1]])
    assert score("top1", outputs, one_hot, X) == 0.75


def test_a_single_output_above_one_half_is_class_1():
    assert score("top1", column(0.6, 0.5, 0.4, 2), np.array([1, 0, 1, 1]), X) == 0.75
    assert agreement(column(0.6, 0.1), column(0.9, 0.6)) == 0.5


def test_what_looks_like_a_choice_between_classes():
    assert is_choice(np.zeros((4, 1, 5), np.float32), X)
    for numbers in ((4, 1), (4, 2, 8, 8), (4, 3)):  # a value, an image, the input once more
        assert not is_choice(np.zeros(numbers, np.float32), X)


def test_regression_metrics():
    outputs, y = column(1, 2, 3, 5), np.array([1.0, 2, 3, 4])
    assert score("mae", outputs, y, X) == 0.25
    assert score("mse", outputs, y, X) == 0.25
    assert score("r2", outputs, y, X) == pytest.approx(1 - 1 / 5)


def test_auc_of_a_score_counts_ties_half():
    outputs = np.array([[0, 0.1], [0, 0.4], [0, 0.4], [0, 0.8]], np.float32)
    assert score("auc", outputs, np.array([0, 0, 1, 1]), np.zeros((4, 5))) == 3.5 / 4


def test_auc_of_an_autoencoder_is_of_its_reconstruction_error():
    outputs = X + np.array([[0.1], [0.2], [0.3], [0.4]], np.float32)
    assert score("auc", outputs, np.array([0, 0, 1, 1]), X) == 1.0


def test_the_metric_follows_from_the_targets():
    two = np.zeros((4, 2), np.float32)
    assert choose_metric(np.array([0, 1, 0, 1]), two, X) == "top1"
    assert choose_metric(np.array([0, 1, 0, 1]), X, X) == "auc"
    assert choose_metric(np.array([0.5, 1, 0, 1]), column(1, 1, 1, 1), X) == "mae"
    assert choose_metric(X, X, X) == "mse"


@pytest.mark.parametrize(
    ("metric", "y"), [("mae", np.zeros((4, 2))), ("top1", np.zeros(3, int)), ("auc", np.ones(4))]
)
def test_targets_that_do_not_fit_are_refused(metric, y):
    with pytest.raises(PackError):
        score(metric, column(1, 2, 3, 4), y, X)


def test_counts_of_one_output_are_no_classes():
    assert choose_metric(np.array([0, 7, 1, 3]), column(1, 2, 3, 4), X) == "mae"
    assert choose_metric(np.array([0, 1, 1, 0]), column(1, 2, 3, 4), X) == "top1"


@pytest.mark.parametrize("wrong", [-1, 3, 10**9])
def test_a_class_that_the_model_has_not(wrong):
    with pytest.raises(PackError, match=f"y holds class {wrong} but .* 0 to 2"):
        confusion(np.zeros((4, 3), np.float32), np.array([0, wrong, 1, 2]))
