"""Figures of a run and tests of two, against values known from elsewhere."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from tests.compare.made import predictions
from transfer_core.compare.statistics import (
    bootstrapped,
    confusion,
    corrected_t,
    holm,
    log_losses,
    macro_f1,
    mcnemar,
    reliability,
    score,
    wilson,
)


@pytest.mark.parametrize(
    ("correct", "of", "low", "high"),
    [(95, 100, 0.8882, 0.9785), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson(correct: int, of: int, low: float, high: float) -> None:
    assert wilson(correct, of) == pytest.approx((low, high), abs=1e-4)
    if of:
        known = stats.binomtest(correct, of).proportion_ci(method="wilson")
        assert wilson(correct, of) == pytest.approx((known.low, known.high), abs=1e-8)


def test_macro_f1_log_loss_and_confusion_agree_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    labels, shares = rng.integers(0, 5, 300), rng.dirichlet(np.ones(5), 300)
    matrix = confusion(labels, shares.argmax(1), 5)
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(labels, shares.argmax(1)))
    assert macro_f1(matrix) == pytest.approx(metrics.f1_score(labels, shares.argmax(1), average="macro"))
    assert log_losses(labels, shares).mean() == pytest.approx(metrics.log_loss(labels, shares))


def test_a_probability_of_zero_costs_much_but_not_everything() -> None:
    assert 10 < log_losses(np.array([1]), np.array([[1.0, 0.0]]))[0] < 20


def test_reliability_by_hand() -> None:
    """Four images at .9 of which three are right, six at .6 of which three are: ECE = .4 * .15 + .6 * .1."""
    shares = np.array([[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 6)
    labels = np.array([0, 0, 0, 1, 0, 0, 0, 1, 1, 1])
    curve, ece = reliability(labels, shares)
    assert [(each.images, each.accuracy.value) for each in curve] == [(6, 0.5), (4, 0.75)]
    assert [each.confidence for each in curve] == pytest.approx([0.6, 0.9])
    assert ece == pytest.approx(0.12)
    assert reliability(np.array([0]), np.array([[1.0, 0.0]]))[1] == 0.0


@pytest.mark.parametrize(("wins", "losses", "p"), [(5, 0, 0.0625), (9, 1, 0.021484), (3, 3, 1.0), (0, 0, 1.0)])
def test_mcnemar_exact(wins: int, losses: int, p: float) -> None:
    first = np.array([True] * wins + [False] * losses + [True, False])
    second = np.array([False] * wins + [True] * losses + [True, False])
    assert mcnemar(first, second) == pytest.approx(p, abs=1e-5)


@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (30, 10), (700, 620), (4000, 4300)])
def test_mcnemar_is_the_binomial_test_of_what_differs(wins: int, losses: int) -> None:
    first = np.repeat([True, False], [wins, losses])
    assert mcnemar(first, ~first) == pytest.approx(stats.binomtest(wins, wins + losses).pvalue, abs=1e-9)


def test_by_group_it_is_the_exact_sign_flip_test() -> None:
    """Against flipping the sign of every group's sum of differences, all 2^G of them."""
    rng = np.random.default_rng(1)
    first, second = rng.random(40) < 0.8, rng.random(40) < 0.5
    groups = rng.integers(0, 9, 40)
    sums = np.array([int(first[groups == g].sum()) - int(second[groups == g].sum()) for g in range(9)])
    flips = np.array(list(product((-1, 1), repeat=9))) @ sums
    assert mcnemar(first, second, groups) == pytest.approx(float((abs(flips) >= abs(sums.sum())).mean()))


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_the_corrected_t_test_by_hand() -> None:
    """Ten folds, mean .02, standard deviation .02: t = .02 / sqrt((1 / 10 + 1 / 9) * .0004) = 2.176, 9 degrees."""
    values = 0.02 + 0.02 * np.array([1, -1, 1, -1, 1, -1, 1, -1, 1, -1]) * np.sqrt(0.9)
    lead, p = corrected_t(values.tolist(), 9, 1)
    assert lead.value == pytest.approx(0.02) and p == pytest.approx(2 * stats.t.sf(2.1764, 9), abs=1e-4)
    assert p > 0.05 > stats.ttest_1samp(values, 0).pvalue, "a plain t-test would have been too sure"
    assert lead.low < 0 < lead.high
    assert corrected_t([0.05, 0.05], 1, 1)[1] == 1.0, "differences without spread prove nothing"
    with pytest.raises(ValueError, match="two folds"):
        corrected_t([0.1], 9, 1)


def test_score_reads_the_test_split() -> None:
    found = score("r", predictions([True] * 8 + [False] * 2), 2)
    assert found.accuracy == 0.8 and found.confusion.tolist() == [[8, 2], [0, 0]] and found.images == 10


def test_the_paired_bootstrap_has_the_spread_that_theory_gives() -> None:
    """Accuracy's difference has the variance (discordant share - difference²) / N; and pairing makes it narrow."""
    rng = np.random.default_rng(2)
    labels = np.zeros(400, np.int64)
    first = rng.random(400) < 0.8
    second = np.where(rng.random(400) < 0.1, ~first, first)
    shares = [np.stack([each, ~each], 1).astype(float) for each in (first, second)]
    accuracy, f1, loss = bootstrapped(labels, shares, np.arange(400))
    gains = first.astype(float) - second
    assert (accuracy[0] - accuracy[1]).std() == pytest.approx(np.sqrt(gains.var() / 400), rel=0.06)
    assert accuracy.mean(1) == pytest.approx([first.mean(), second.mean()], abs=0.003)
    assert f1.shape == loss.shape == (2, 2_000)


def test_each_draw_is_the_figure_of_the_images_drawn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    labels, shares = rng.integers(0, 4, 60), rng.dirichlet(np.ones(4), 60)
    accuracy, f1, loss = bootstrapped(labels, [shares], np.arange(60), draws=5)
    rows = np.random.default_rng(0).integers(60, size=(5, 60))
    for b, drawn in enumerate(rows):
        truth, named = labels[drawn], shares[drawn].argmax(1)
        assert accuracy[0, b] == pytest.approx(metrics.accuracy_score(truth, named))
        assert f1[0, b] == pytest.approx(metrics.f1_score(truth, named, average="macro"))
        assert loss[0, b] == pytest.approx(metrics.log_loss(truth, shares[drawn], labels=range(4)))
