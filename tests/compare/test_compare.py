"""Statistics against values known from elsewhere, and the verdict's choices."""

import numpy as np
import pytest

from transfer_core.compare.statistics import confusion, macro_f1, mcnemar, score, wilson
from transfer_core.compare.titles import titles
from transfer_core.compare.verdict import holm, verdict
from transfer_core.types import Predictions, Recipe


def predictions(right: list[bool], first_sample: int = 0) -> Predictions:
    """Labels all 0 of two classes; right predictions say 0."""
    n = len(right)
    shares = np.array([[0.9, 0.1] if r else [0.2, 0.8] for r in right])
    rows = np.arange(first_sample, first_sample + n)
    zeros = np.zeros(n, dtype=np.int64)
    return Predictions(
        val_samples=rows,
        val_labels=zeros,
        val_probabilities=shares,
        test_samples=rows,
        test_labels=zeros,
        test_probabilities=shares,
    )


@pytest.mark.parametrize(
    ("correct", "of", "low", "high"),
    [(95, 100, 0.8882, 0.9785), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson(correct: int, of: int, low: float, high: float) -> None:
    assert wilson(correct, of) == pytest.approx((low, high), abs=1e-4)


def test_macro_f1_and_confusion_agree_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 5, 300), rng.integers(0, 5, 300)
    matrix = confusion(labels, predicted, 5)
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(labels, predicted))
    assert macro_f1(matrix) == pytest.approx(metrics.f1_score(labels, predicted, average="macro"))


@pytest.mark.parametrize(("wins", "losses", "p"), [(5, 0, 0.0625), (9, 1, 0.021484), (3, 3, 1.0), (0, 0, 1.0)])
def test_mcnemar_exact(wins: int, losses: int, p: float) -> None:
    first = np.array([True] * wins + [False] * losses + [True, False])
    second = np.array([False] * wins + [True] * losses + [True, False])
    assert mcnemar(first, second) == pytest.approx(p, abs=1e-5)


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_score_reads_the_test_split() -> None:
    found = score("r", predictions([True] * 8 + [False] * 2), 2)
    assert found.accuracy == 0.8 and found.confusion.tolist() == [[8, 2], [0, 0]] and found.images == 10


def test_verdict_says_whether_the_lead_is_more_than_chance() -> None:
    good, bad = [True] * 90 + [False] * 10, [True] * 50 + [False] * 50
    near = [True] * 89 + [False] * 11
    titles, seconds = {"a": "Alpha", "b": "Beta"}, {"a": 100.0, "b": 10.0}
    clear = verdict({"a": predictions(good), "b": predictions(bad)}, titles, seconds)
    assert clear.choice == "a" and "ahead" in clear.reason and "90.0 %" in clear.reason
    tied = verdict({"a": predictions(good), "b": predictions(near)}, titles, seconds)
    assert tied.choice == "a" and "Beta" in tied.reason and "10 times faster" in tied.reason
    equal = verdict({"a": predictions(good), "b": predictions(good)}, titles, seconds)
    assert equal.choice == "b", "of two equal runs the faster one is taken"
    assert "Alpha (as many right)" in equal.reason


def test_verdict_refuses_different_test_images() -> None:
    with pytest.raises(ValueError, match="different images"):
        verdict({"a": predictions([True]), "b": predictions([True], 5)}, {"a": "", "b": ""}, {"a": 1, "b": 1})


def test_titles_tell_runs_apart_by_what_differs() -> None:
    def made(strategy: str, **fields: object) -> Recipe:
        return Recipe(dataset="d", backbone="b", weights="w", version=1, strategy=strategy, **fields)  # type: ignore[arg-type]

    recipes = {"1": made("probe"), "2": made("svm", tap="early"), "3": made("svm", tap="late"), "4": made("probe")}
    recipes["5"] = made("svm", tap="late", seed=3)
    assert titles(recipes, {"probe": "Probe", "svm": "SVM"}) == {
        "1": "Probe (1)",
        "2": "SVM, tap early",
        "3": "SVM, tap late, seed 0",
        "4": "Probe (4)",
        "5": "SVM, tap late, seed 3",
    }
