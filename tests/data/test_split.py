"""Stratified splits that keep groups on one side."""

import numpy as np
import pytest

from tests.sweeping import sweep
from transfer_core.data.split import cut, split
from transfer_core.types import TEST, TRAIN, VAL


def counts(labels: np.ndarray, splits: np.ndarray) -> list[list[int]]:
    return [[int(((labels == c) & (splits == s)).sum()) for s in range(3)] for c in range(labels.max() + 1)]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([100, 20], [[70, 15, 15], [14, 3, 3]]),
        ([10, 10], [[7, 2, 1], [7, 1, 2]]),  # halves go to the one split and to the other in turn
        ([3, 4], [[1, 1, 1], [2, 1, 1]]),
        ([2, 2], [[1, 1, 0], [1, 0, 1]]),  # too small for three: both splits have something all the same
        ([1, 5], [[1, 0, 0], [3, 1, 1]]),
    ],
)
def test_shares_in_every_class(sizes: list[int], expected: list[list[int]]) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    for seed in range(3):
        assert counts(labels, split(labels, np.arange(len(labels)), seed=seed)) == expected, seed


def test_groups_stay_together_and_shares_hold() -> None:
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 20, 5000), rng.integers(0, 3500, 5000)  # groups with several labels, too
    splits = split(labels, groups, seed=1)
    assert all(len(np.unique(splits[groups == group])) == 1 for group in np.unique(groups))
    shares = np.array(counts(labels, splits)) / np.bincount(labels)[:, None]
    assert np.abs(shares - [0.70, 0.15, 0.15]).max() < 0.01


def check_every_class(seed: int) -> None:
    labels = np.array([0] * 9 + [1] * 9 + [2])
    groups = np.array(
        [*range(9), *[20] * 3, *[21] * 3, *[22] * 3, 0]
    )  # class 2 has one image, a copy of one of class 0
    splits = split(labels, groups, seed=seed)
    assert counts(labels, splits)[1] == [3, 3, 3]  # three groups, one for each split
    assert counts(labels, splits)[2] == [1, 0, 0]


def test_every_class_can_be_learnt() -> None:
    sweep(check_every_class, [(seed,) for seed in range(5)])


def test_seed_decides() -> None:
    labels, groups = np.repeat([0, 1], 50), np.arange(100)
    same = [split(labels, groups, seed=seed).tolist() for seed in (3, 3, 4)]
    assert same[0] == same[1] != same[2]


def test_cut_takes_from_train_alone() -> None:
    labels, groups = np.tile([0, 1], 100), np.arange(200) // 4
    splits = np.where(np.arange(200) < 160, TRAIN, TEST)
    after = cut(labels, groups, splits, VAL, seed=0)
    assert (after[splits == TEST] == TEST).all()
    assert counts(labels, after) == [[68, 12, 20], [68, 12, 20]]
    assert all(len(np.unique(after[groups == group])) == 1 for group in np.unique(groups))
