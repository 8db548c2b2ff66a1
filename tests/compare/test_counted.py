"""Verdicts by macro-F1, and by the recall of a class at a precision."""

from dataclasses import replace

import numpy as np
import pytest

from tests.compare.made import TITLES, dataset, run
from transfer_core.compare.compared import Comparison
from transfer_core.compare.comparison import compared
from transfer_core.compare.counted import margin_in, swapped
from transfer_core.compare.statistics import macro_f1
from transfer_core.types import TEST, TRAIN, VAL, Floats, Goal, Predictions

STRATEGIES = {"a": "fine_tune_all", "b": "linear_probe"}
RARE = Goal(kind="recall", label="rare", precision=0.9)


def made(rare: dict[str, tuple[Floats, Floats]], labels: Floats, goal: Goal) -> Comparison:
    """Runs with these probabilities of "rare" on validation and on test images, which have the same labels."""
    count, truth = len(labels), labels.astype(np.int64)
    data = replace(dataset(3 * count), labels=np.tile(truth, 3), classes=("usual", "rare"))
    data.splits[:] = np.repeat([TRAIN, VAL, TEST], count)
    kept = {
        id: Predictions(
            val_samples=np.arange(count, 2 * count),
            val_labels=truth,
            val_probabilities=np.stack([1 - val, val], 1),
            test_samples=np.arange(2 * count, 3 * count),
            test_labels=truth,
            test_probabilities=np.stack([1 - test, test], 1),
        )
        for id, (val, test) in rare.items()
    }
    runs = [run(id, STRATEGIES[id], seconds=9.0 if id == "b" else 90.0) for id in rare]
    return compared(runs, kept, data, {id: TITLES[STRATEGIES[id]] for id in rare}, goal=goal)


LABELS = np.r_[np.zeros(360), np.ones(40)]


def test_macro_f1_takes_the_run_that_finds_the_rare_class() -> None:
    """Both have 94 % right; one finds 144 of 160 rare ones and calls 80 others so, the other finds 64, calls none."""
    labels = np.repeat(LABELS, 4)
    finds = np.where(np.r_[np.arange(1_440) < 80, np.arange(160) < 144], 0.9, 0.1)
    misses = np.where(np.r_[np.zeros(1_440, bool), np.arange(160) < 64], 0.9, 0.1)
    runs = {"a": (finds, finds), "b": (misses, misses)}
    plain, by_f1 = made(runs, labels, Goal()), made(runs, labels, Goal(kind="macro_f1"))
    assert plain.score("a").accuracy == plain.score("b").accuracy == 0.94 and plain.verdict.choice == "b"
    score = by_f1.score("a")
    assert by_f1.verdict.choice == "a" and score.reached is not None
    assert score.reached.value == macro_f1(score.confusion) and score.reached.low < score.reached.value
    pair = by_f1.pair("a", "b")
    assert pair.reached is not None and pair.reached.value == pytest.approx(pair.macro_f1.value) and pair.better == "a"
    assert "its macro-F1 is" in by_f1.verdict.reason and "What counts is macro-F1." in by_f1.verdict.reason
    assert plain.pair("a", "b").reached is None and "What counts" not in plain.verdict.reason
    assert by_f1.constant.score.counts.value == pytest.approx(0.474, abs=0.001)


def test_a_recall_goes_by_a_threshold_of_validation_images_and_says_what_precision_was_kept() -> None:
    rng = np.random.default_rng(1)
    sure = np.r_[rng.uniform(0, 0.3, 360), rng.uniform(0.35, 0.9, 40)]
    late = sure.copy()
    late[:10] = 0.95  # on test images alone: what the validation images promised is not kept
    unsure = np.r_[rng.uniform(0, 0.3, 360), rng.uniform(0.0, 0.9, 40)]
    found = made({"a": (sure, sure), "b": (unsure, unsure)}, LABELS, RARE)
    assert found.score("a").counts.value == 1.0 and found.verdict.choice == "a"
    assert "it finds 100.0 % of 40 test images of “rare”" in found.verdict.reason
    assert "100.0 % are right" in found.verdict.caution and "90 % were asked for" in found.verdict.caution
    assert found.verdict.warning == "" and found.constant.score.counts.value == 0.0
    broken = made({"a": (sure, late)}, LABELS, RARE)
    assert broken.score("a").precision is not None
    assert broken.score("a").precision.value == 0.8  # type: ignore[union-attr]
    assert "80.0 % are right" in broken.verdict.warning
    never = made({"a": (0 * sure, 0 * sure)}, LABELS, RARE)
    assert "No threshold keeps 90 % precision" in never.verdict.warning
    none = made({"a": (sure[:360], sure[:360])}, LABELS[:360], RARE)
    assert none.goal == Goal() and "All test images are “usual”" in none.verdict.warning


def test_swapping_answers_is_as_rare_as_it_should_be() -> None:
    rng = np.random.default_rng(2)
    labels, groups = rng.integers(0, 3, 90), np.arange(90)
    first = np.where(rng.random(90) < 0.9, labels, (labels + 1) % 3)
    worse = np.where(rng.random(90) < 0.5, labels, (labels + 1) % 3)
    assert swapped(labels, first, first, groups, 3) == 1.0
    assert swapped(labels, first, worse, groups, 3) < 0.001
    assert swapped(labels, first, worse, groups // 45, 3) > 0.2, "two groups prove nothing"
    alike = [
        swapped(labels, *(np.where(rng.random(90) < 0.7, labels, (labels + 1) % 3) for _ in "ab"), groups, 3)
        for _ in range(40)
    ]
    assert np.mean(np.array(alike) < 0.05) < 0.15


def test_a_margin_on_validation_images_is_in_what_counts() -> None:
    labels = np.repeat([0, 1], (180, 20))
    good, bad = (np.stack([1 - share, share], 1) for share in (np.where(labels == 1, 0.8, 0.2), np.full(200, 0.2)))
    for goal in (Goal(kind="macro_f1"), RARE):
        ahead = margin_in(goal, good, bad, labels, np.arange(200), ("usual", "rare"))
        assert ahead.sure and ahead.value > 0.5, goal
        assert not margin_in(goal, good, good, labels, np.arange(200), ("usual", "rare")).sure
