"""What counts: as text, in words, and how much of it probabilities reach."""

import numpy as np
import pytest

from transfer_core.errors import RecipeError
from transfer_core.goals import goal_of, reached, threshold, words, written
from transfer_core.types import Goal

CLASSES = ("usual", "rare", "a@b")


@pytest.mark.parametrize(
    ("said", "kept", "told"),
    [
        ("accuracy", "accuracy", "accuracy"),
        ("macro-f1", "macro_f1", "macro-F1"),
        ("macro_f1", "macro_f1", "macro-F1"),
        ("recall:rare", "recall:rare@0.9", "recall of “rare” at 90 % precision"),
        ("recall:rare@0.5", "recall:rare@0.5", "recall of “rare” at 50 % precision"),
        ("recall:a@b", "recall:a@b@0.9", "recall of “a@b” at 90 % precision"),
        ("recall:a@b@0.75", "recall:a@b@0.75", "recall of “a@b” at 75 % precision"),
    ],
)
def test_a_goal_is_read_written_and_told(said: str, kept: str, told: str) -> None:
    found = goal_of(said, CLASSES)
    assert (written(found), words(found)) == (kept, told) and goal_of(kept, CLASSES) == found


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("f1", "say accuracy, macro-f1 or recall"),
        ("recall:owl", "no class 'owl'"),
        ("recall:rare@2", "between 0.05 and 0.99"),
        ("recall:rare@high", "between 0.05 and 0.99"),
        ("accuracy:rare", "say accuracy"),
    ],
)
def test_what_is_no_goal_is_refused_with_what_may_be_said(said: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        goal_of(said, CLASSES)


def test_a_threshold_finds_as_many_as_the_precision_allows() -> None:
    positive = np.array([True, True, False, True, False, False])
    shares = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    assert threshold(positive, shares, 0.9) == 0.8  # two of three, all right
    assert threshold(positive, shares, 0.7) == 0.6  # all three, of four that are called so
    assert threshold(~positive, shares, 0.9) is None and threshold(positive & False, shares, 0.5) is None


def test_what_is_reached() -> None:
    labels, named = np.array([0] * 8 + [1] * 2), np.array([0] * 8 + [0, 1])
    shares = np.where(np.eye(2)[named] > 0, 0.9, 0.1)
    assert reached(Goal(), labels, shares, CLASSES[:2]) == 0.9
    assert reached(Goal(kind="macro_f1"), labels, shares, CLASSES[:2]) == pytest.approx((16 / 17 + 2 / 3) / 2)
    assert reached(Goal(kind="recall", label="rare", precision=0.9), labels, shares, CLASSES[:2]) == 0.5
    assert reached(Goal(kind="macro_f1"), labels[:0], shares[:0], CLASSES[:2]) == 0.0
