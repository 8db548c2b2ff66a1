"""Which images a recipe trains, validates and tests on, out of a dataset's own splits."""

from dataclasses import replace

import numpy as np

from transfer_core.training.solvers import folds
from transfer_core.types import JUDGES, TEST, TRAIN, UNUSED, VAL, Dataset, Recipe


def chosen_rows(dataset: Dataset, recipe: Recipe) -> Dataset:
    """The dataset with the splits that a recipe works on; left-out samples are UNUSED.

    With `folds`, training and validation images are dealt into that many parts, near-duplicates together, classes
    evenly. One part is tested, a tenth of the rest validates; the dataset's own test split is not touched.
    With `per_class`, so many training images of each class are drawn, all of a class that has fewer.
    """
    splits = dataset.splits.copy()
    if recipe.folds:
        pool = np.flatnonzero(splits != TEST)
        splits[:] = UNUSED
        held = folds(dataset.labels[pool], dataset.groups[pool], recipe.folds, recipe.seed) == recipe.fold
        rest = pool[~held]
        splits[pool[held]], splits[rest] = TEST, TRAIN
        if len(rest) >= 2 * JUDGES:
            splits[rest[folds(dataset.labels[rest], dataset.groups[rest], JUDGES, recipe.seed) == 0]] = VAL
    if recipe.per_class:
        rng = np.random.default_rng(recipe.seed)
        for label in range(len(dataset.classes)):
            own = np.flatnonzero((splits == TRAIN) & (dataset.labels == label))
            splits[rng.permutation(own)[recipe.per_class :]] = UNUSED
    return replace(dataset, splits=splits)
