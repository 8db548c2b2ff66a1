"""Which images a recipe works on: folds that cover everything once, draws of training images alone."""

from dataclasses import replace

import numpy as np
import pytest

from tests.training.bench import Bench
from transfer_core.training.rows import chosen_rows
from transfer_core.types import TEST, TRAIN, UNUSED, VAL


def test_folds_test_every_image_but_the_test_split_once_and_keep_groups_together(bench: Bench) -> None:
    data, tested = bench.dataset, []
    for fold in range(5):
        found = chosen_rows(data, bench.recipe("linear_probe", folds=5, fold=fold))
        assert (found.splits[data.splits == TEST] == UNUSED).all()
        assert min(found.count(TRAIN), found.count(VAL), found.count(TEST)) > 0
        assert found.count(TRAIN) + found.count(VAL) + found.count(TEST) == (data.splits != TEST).sum()
        tested += found.rows(TEST).tolist()
        for group in np.unique(data.groups[data.splits != TEST]):
            assert len(set(found.splits[(data.groups == group) & (data.splits != TEST)])) == 1
    assert sorted(tested) == np.flatnonzero(data.splits != TEST).tolist()


@pytest.mark.parametrize("most", [3, 1_000])
def test_so_many_of_each_class_are_drawn_from_training_alone(most: int, bench: Bench) -> None:
    data = bench.dataset
    found, again, other = (
        chosen_rows(data, bench.recipe("linear_probe", per_class=most, seed=seed)) for seed in (0, 0, 1)
    )
    assert (found.splits == again.splits).all()
    assert (found.splits != other.splits).any() == (most == 3)
    assert np.bincount(found.labels[found.splits == TRAIN]).tolist() == [min(most, 14)] * 3
    assert (found.splits[data.splits != TRAIN] == data.splits[data.splits != TRAIN]).all()
    assert (data.splits[found.splits == UNUSED] == TRAIN).all()


def test_folds_of_a_handful_of_images_still_train(bench: Bench) -> None:
    few = replace(bench.dataset, splits=np.where(np.arange(len(bench.dataset)) < 6, TRAIN, UNUSED))
    few = replace(few, splits=np.where(few.splits == UNUSED, TEST, few.splits))
    found = chosen_rows(few, bench.recipe("linear_probe", folds=3, fold=1))
    assert found.count(TRAIN) and found.count(TEST)
