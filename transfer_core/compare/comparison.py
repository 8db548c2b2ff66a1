"""Finished runs side by side: everything that is said of them, from stored predictions alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from transfer_core.compare.approaches import Approach, approaches
from transfer_core.compare.pairs import Pair, pairs
from transfer_core.compare.statistics import Score, score
from transfer_core.compare.verdict import WORTH, Table, Transfer, Verdict, transfer, verdict
from transfer_core.types import TEST, TRAIN, Dataset, Predictions, Run


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparison:
    """Finished runs of one dataset side by side."""

    runs: tuple[Run, ...]
    titles: tuple[str, ...]  # in the order of runs, each telling its run from the others
    train_images: tuple[int, ...]  # that each run was trained on, in the order of runs
    scores: tuple[Score, ...]  # in the order of runs
    pairs: tuple[Pair, ...]  # each two runs once
    verdict: Verdict
    transfer: Transfer | None  # None without a run from scratch beside a pretrained one
    approaches: tuple[Approach, Approach]

    @property
    def images(self) -> int:
        """Test images, the same for all runs."""
        return self.scores[0].images

    @property
    def rival(self) -> str | None:
        """What the verdict's choice is held against first: the most accurate other run, of another strategy if any."""
        choice = self.verdict.choice
        strategies = {run.id: run.strategy for run in self.runs}
        others = [score for score in self.scores if score.run != choice]
        foreign = [score for score in others if strategies[score.run] != strategies[choice]]
        return max(foreign or others, key=lambda score: score.accuracy).run if others else None

    def pair(self, first: str, second: str) -> Pair:
        """The two runs, `first` first. Raises KeyError where they are not compared."""
        for pair in self.pairs:
            if {pair.first, pair.second} == {first, second}:
                return pair.seen_from(first)
        raise KeyError((first, second))

    def trained_on(self, run: str) -> int:
        """How many images."""
        return next(images for found, images in zip(self.runs, self.train_images, strict=True) if found.id == run)

    def title(self, run: str) -> str:
        return next(title for found, title in zip(self.runs, self.titles, strict=True) if found.id == run)

    def score(self, run: str) -> Score:
        return next(score for score in self.scores if score.run == run)


def compared(
    runs: Sequence[Run],
    predictions: Mapping[str, Predictions],
    dataset: Dataset,
    titles: Mapping[str, str],
    *,
    known: Sequence[Run] = (),
    both: tuple[Pair, ...] | None = None,
    worth: float = WORTH,
) -> Comparison:
    """`known`: finished runs of the dataset, for what either approach reaches with other numbers of images; `both`: the
    pairs of these runs where they are known already.

    Raises ValueError when the runs were tested on different images, or on none.
    """
    kept = {run.id: predictions[run.id] for run in runs}
    groups = dataset.groups[next(iter(kept.values())).test_samples]
    scores = {run.id: score(run.id, kept[run.id], len(dataset.classes)) for run in runs}
    table = Table(
        runs=runs,
        titles=titles,
        scores=scores,
        pairs=pairs(kept, groups, len(dataset.classes)) if both is None else both,
        images={run.id: train_images(dataset, run, kept[run.id]) for run in runs},
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
        verdict=verdict(table, [images for _, images in sizes]),
        transfer=transfer(table),
        approaches=approaches(table, sizes),
    )


def table_of(comparison: Comparison) -> Table:
    """What the sentences of a comparison are made from."""
    ids = [run.id for run in comparison.runs]
    return Table(
        runs=comparison.runs,
        titles=dict(zip(ids, comparison.titles, strict=True)),
        scores={each.run: each for each in comparison.scores},
        pairs=comparison.pairs,
        images=dict(zip(ids, comparison.train_images, strict=True)),
        worth=comparison.verdict.worth,
    )


def train_images(dataset: Dataset, run: Run, predictions: Predictions | None = None) -> int:
    """How many images a run trains on; of a fold, whose images are dealt anew, only its `predictions` tell."""
    if run.members:
        return max(train_images(dataset, member) for member in run.members)
    mine = dataset.splits == TRAIN
    if run.recipe.folds and predictions is not None:
        mine = dataset.splits != TEST
        mine[predictions.test_samples] = mine[predictions.val_samples] = False
    counts = np.bincount(dataset.labels[mine], minlength=len(dataset.classes))
    return int((np.minimum(counts, run.recipe.per_class) if run.recipe.per_class else counts).sum())
