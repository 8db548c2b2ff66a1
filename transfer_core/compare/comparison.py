"""Finished runs side by side: everything that is said of them, from stored predictions alone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from transfer_core.compare.compared import Comparison, Constant, Score
from transfer_core.compare.pairs import CONSTANT, Held, held
from transfer_core.compare.statistics import score
from transfer_core.compare.verdict import WORTH, Table, approaches, transfer, verdict
from transfer_core.goals import ACCURACY
from transfer_core.types import TEST, TRAIN, Dataset, Floats, Goal, Predictions, Run


def compared(
    runs: Sequence[Run],
    predictions: Mapping[str, Predictions],
    dataset: Dataset,
    titles: Mapping[str, str],
    *,
    known: Sequence[Run] = (),
    both: Held | None = None,
    worth: float = WORTH,
    goal: Goal = ACCURACY,
) -> Comparison:
    """`goal`: what counts; accuracy where that is the recall of a class without test images.

    `known`: finished runs of the dataset, for what either approach reaches with other numbers of images; `both`: the
    pairs of these runs where they are known already.

    Raises ValueError when the runs were tested on different images, or on none.
    """
    kept = {run.id: predictions[run.id] for run in runs}
    first = next(iter(kept.values()))
    groups, classes = dataset.groups[first.test_samples], len(dataset.classes)
    if goal.kind == "recall" and not (first.test_labels == dataset.classes.index(goal.label)).any():
        goal = ACCURACY
    shares = _shares(dataset, runs[0], first)
    always = replace(
        first,
        val_probabilities=np.tile(shares, (len(first.val_labels), 1)),
        test_probabilities=np.tile(shares, (len(first.test_labels), 1)),
    )
    both = held(kept, groups, dataset.classes, always, goal) if both is None else both

    def scored(run: str, said: Predictions) -> Score:
        plain = score(run, said, classes)
        return replace(plain, reached=both.reached.get(run), precision=both.precision.get(run))

    scores = {run.id: scored(run.id, kept[run.id]) for run in runs}
    constant = Constant(label=int(shares.argmax()), score=scored(CONSTANT, always), pairs=both.constant)
    table = Table(
        runs=runs,
        titles=titles,
        scores=scores,
        pairs=both.pairs,
        images={run.id: train_images(dataset, run, kept[run.id]) for run in runs},
        classes=dataset.classes,
        constant=constant,
        goal=goal,
        worth=worth,
    )
    own = not any(run.recipe.folds for run in runs)  # tested on the dataset's own split, as `known` are
    whole = {run.id: run for run in (*runs, *known) if own and not run.recipe.folds}
    sizes = [(run, train_images(dataset, run)) for run in whole.values()]
    return Comparison(
        runs=tuple(runs),
        titles=tuple(titles[run.id] for run in runs),
        train_images=tuple(table.images.values()),
        scores=tuple(scores.values()),
        pairs=tuple(table.pairs),
        classes=dataset.classes,
        goal=goal,
        constant=constant,
        verdict=verdict(table, [images for _, images in sizes]),
        transfer=transfer(table),
        approaches=approaches(table, sizes),
    )


def _shares(dataset: Dataset, run: Run, predictions: Predictions) -> Floats:
    """(C,) how common each class is in training; before any `per_class` takes equally many of each."""
    counts = np.bincount(dataset.labels[_trained(dataset, run, predictions)], minlength=len(dataset.classes))
    return np.asarray(counts / counts.sum() if counts.sum() else np.full(len(counts), 1 / len(counts)))


def table_of(comparison: Comparison) -> Table:
    """What the sentences of a comparison are made from."""
    ids = [run.id for run in comparison.runs]
    return Table(
        runs=comparison.runs,
        titles=dict(zip(ids, comparison.titles, strict=True)),
        scores={each.run: each for each in comparison.scores},
        pairs=comparison.pairs,
        images=dict(zip(ids, comparison.train_images, strict=True)),
        classes=comparison.classes,
        constant=comparison.constant,
        goal=comparison.goal,
        worth=comparison.verdict.worth,
    )


def train_images(dataset: Dataset, run: Run, predictions: Predictions | None = None) -> int:
    """How many images a run trains on; of a fold, whose images are dealt anew, only its `predictions` tell."""
    if run.members:
        return max(train_images(dataset, member) for member in run.members)
    mine = _trained(dataset, run, predictions)
    counts = np.bincount(dataset.labels[mine], minlength=len(dataset.classes))
    return int((np.minimum(counts, run.recipe.per_class) if run.recipe.per_class else counts).sum())


def _trained(dataset: Dataset, run: Run, predictions: Predictions | None) -> NDArray[np.bool_]:
    """(N,) which images a run may train on."""
    mine: NDArray[np.bool_] = dataset.splits == TRAIN
    if run.recipe.folds and predictions is not None:
        mine = dataset.splits != TEST
        mine[predictions.test_samples] = mine[predictions.val_samples] = False
    return mine
