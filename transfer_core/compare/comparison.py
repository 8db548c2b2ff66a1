"""Finished runs side by side: everything that is said of them, from stored predictions alone."""

from collections.abc import Mapping, Sequence

import numpy as np

from transfer_core.compare.pairs import pairs
from transfer_core.compare.statistics import score
from transfer_core.compare.verdict import WORTH, Table, approaches, transfer, verdict
from transfer_core.types import TRAIN, Comparison, Dataset, Predictions, Run


def compared(
    runs: Sequence[Run],
    predictions: Mapping[str, Predictions],
    dataset: Dataset,
    titles: Mapping[str, str],
    *,
    known: Sequence[Run] = (),
    worth: float = WORTH,
) -> Comparison:
    """`known`: finished runs of the dataset, for what either approach reaches with fewer images.

    Raises ValueError when the runs were tested on different images, or on none.
    """
    kept = {run.id: predictions[run.id] for run in runs}
    groups = dataset.groups[next(iter(kept.values())).test_samples]
    scores = {run.id: score(run.id, kept[run.id], len(dataset.classes)) for run in runs}
    both = pairs(kept, groups, len(dataset.classes))
    table = Table(runs=runs, titles=titles, scores=scores, pairs=both, worth=worth)
    whole = [run for run in (*runs, *known) if not run.recipe.folds]
    return Comparison(
        runs=tuple(runs),
        titles=tuple(titles[run.id] for run in runs),
        scores=tuple(scores.values()),
        pairs=both,
        verdict=verdict(table),
        transfer=transfer(table),
        approaches=approaches(table, [(run, train_images(dataset, run)) for run in whole]),
    )


def table_of(comparison: Comparison) -> Table:
    """What the sentences of a comparison are made from."""
    return Table(
        runs=comparison.runs,
        titles=dict(zip((run.id for run in comparison.runs), comparison.titles, strict=True)),
        scores={each.run: each for each in comparison.scores},
        pairs=comparison.pairs,
        worth=comparison.verdict.worth,
    )


def train_images(dataset: Dataset, run: Run) -> int:
    """How many images a run without folds trains on."""
    counts = np.bincount(dataset.labels[dataset.splits == TRAIN], minlength=len(dataset.classes))
    return int((np.minimum(counts, run.recipe.per_class) if run.recipe.per_class else counts).sum())
