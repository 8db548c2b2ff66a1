"""Finished runs held against each other, from what they left; no model runs."""

import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from transfer_core.compare import mistakes
from transfer_core.compare.classes import class_scores
from transfer_core.compare.comparison import compared, table_of
from transfer_core.compare.forecast import forecast, sides
from transfer_core.compare.verdict import WORTH, grade
from transfer_core.errors import DatasetError, UnknownJob
from transfer_core.report import Report, made
from transfer_core.report.assets import versions
from transfer_core.report.gathered import Gathered
from transfer_core.strategies import STRATEGIES
from transfer_core.types import (
    ClassScore,
    Comparison,
    Dataset,
    Disagreement,
    Forecast,
    Grade,
    Pair,
    Predictions,
    Score,
    Seen,
)
from transfer_core.workspace.corrections import Corrections
from transfer_core.workspace.runs import Runs
from transfer_core.workspace.studies import Studies

PAIRS_KEPT = 16  # comparisons whose pairs stay in memory


class Comparing(Corrections, Studies, Runs):
    """Which run is better, by how much, where, and the report of it."""

    def __init__(self, root: Path, *, write: bool = True) -> None:
        super().__init__(root, write=write)
        self._pairs: dict[tuple[str, ...], tuple[Pair, ...]] = {}  # by run ids: predictions of a run never change
        self._pairs_lock = threading.Lock()

    def compare(self, runs: Sequence[str], *, worth: float = WORTH) -> Comparison:
        """Finished runs held against each other, from stored predictions; no model runs.

        `worth`: how much more accurate a run must be to be worth more time, as a fraction.
        Raises GraftError for runs that don't match, or were tested on no image.
        """
        found = [self.run(id) for id in dict.fromkeys(runs)]
        if not found:
            raise UnknownJob("Name at least one finished run to compare.")
        datasets = {run.recipe.dataset for run in found}
        if len(datasets) > 1:
            raise DatasetError("These runs are of different datasets, so their test images differ. Pick one dataset.")
        dataset = self._store.dataset(datasets.pop())
        predictions = {run.id: self.predictions(run.id) for run in found}
        if len({tuple(kept.test_samples) for kept in predictions.values()}) > 1:
            raise DatasetError(
                "These runs were tested on different images: folds of a cross-validation have test images of their own."
                " Pick runs that share them."
            )
        if not len(predictions[found[0].id].test_samples):
            raise DatasetError(f"'{dataset.name}' has no test images, so there is nothing to compare its runs on.")
        known = [run for run in self.runs(dataset.id) if run.tested]
        ids = tuple(predictions)
        with self._pairs_lock:
            pairs = self._pairs.get(ids)
        made = compared(
            found, predictions, dataset, self.titles(found, marked=True), known=known, both=pairs, worth=worth
        )
        with self._pairs_lock:
            self._pairs.pop(ids, None)
            while len(self._pairs) >= PAIRS_KEPT:
                self._pairs.pop(next(iter(self._pairs)))
            self._pairs[ids] = made.pairs
        return made

    def grade(self, comparison: Comparison) -> Grade:
        """What became of the strategy that Graft recommends for what was said and measured."""
        decision = self._decided(self._store.dataset(comparison.runs[0].recipe.dataset))
        return grade(table_of(comparison), decision.strategy, {known.name: known.title for known in STRATEGIES})

    def forecast(self, comparison: Comparison) -> Forecast | None:
        """How many more images it takes until fine-tuning wins; None where one of the two approaches has no run here.

        Raises GraftError for predictions that cannot be read.
        """
        dataset = self._store.dataset(comparison.runs[0].recipe.dataset)
        both = sides(comparison, self.runs(dataset.id), dataset)
        if both is None:
            return None
        return forecast(both, {run.id: self.predictions(run.id) for side in both for run in side.runs}, dataset)

    def class_scores(self, score: Score) -> tuple[ClassScore, ...]:
        """A run's recall, precision and F1 on each class, in the dataset's order."""
        return class_scores(score.confusion)

    def disagreement(self, first: str, second: str) -> Disagreement:
        """Test images that the second run fixes and breaks against the first. Raises GraftError as `compare` does."""
        return mistakes.disagreement(first, second, self._tested((first, second)))

    def confused(self, run: str, label: int, predicted: int, *, beside: Sequence[str] = ()) -> tuple[Seen, ...]:
        """The test images of one cell of a run's confusion matrix, the surest first, and what other runs say."""
        return mistakes.confused(run, self._tested((run, *beside)), label, predicted)

    def mistakes(self, run: str, *, beside: Sequence[str] = ()) -> tuple[Seen, ...]:
        """The test images that a run has wrong, those first that it was surest of, and what other runs say."""
        return mistakes.mistakes(run, self._tested((run, *beside)))

    def label_errors(self, runs: Sequence[str]) -> tuple[Seen, ...]:
        """Images whose label is likely wrong, by the agreement of these runs; the likeliest first."""
        return mistakes.label_errors(self._tested(runs))

    def _tested(self, runs: Sequence[str]) -> dict[str, Predictions]:
        found = {run: self.predictions(run) for run in dict.fromkeys(runs)}
        if len({tuple(kept.test_samples) for kept in found.values()}) > 1:
            raise DatasetError("These runs were tested on different images. Pick runs that share them.")
        return found

    def report(self, dataset: Dataset, runs: Sequence[str] | None = None, *, worth: float = WORTH) -> Report:
        """A comparison for people who are elsewhere or come later: one HTML file and one JSON, with all that led there.

        `runs`: of this dataset; None: the best of each strategy. Raises GraftError as `compare` does.
        """
        chosen = [run.id for run in self.best_runs(dataset)] if runs is None else runs
        if not chosen:
            raise DatasetError(f"'{dataset.name}' has no finished run to report on. Train a strategy on it first.")
        comparison = self.compare(chosen, worth=worth)
        if comparison.runs[0].recipe.dataset != dataset.id:
            raise DatasetError(f"These runs are not of '{dataset.name}'. Name runs of it, or the dataset they are of.")
        ids = [run.id for run in comparison.runs]
        choice, rival = comparison.verdict.choice, comparison.rival
        differ = self.disagreement(rival, choice) if rival is not None else None
        groups = self.repeats(dataset.id)
        said = self.said(dataset)
        gathered = Gathered(
            dataset=dataset,
            profile=self.profile(dataset),
            said=said,
            measured=self.measured(dataset, said.backbone),
            decision=self._decided(dataset),
            comparison=comparison,
            grade=self.grade(comparison),
            strategies=STRATEGIES,
            backbones=self.backbones(),
            runs={run.id: run for run in self.runs(dataset.id)},
            events={id: [event for _, _, event in self.events(id)] for id in ids},
            model_bytes={id: self.model_bytes(id) for id in ids},
            repeats=list(zip(self.titles_of_repeats(groups), groups, strict=True)),
            resampled=self.resampled(dataset.id),
            mistakes=self.mistakes(choice, beside=ids),
            rival=rival,
            fixed=differ.fixed if differ is not None else (),
            broken=differ.broken if differ is not None else (),
            label_errors=self.label_errors(ids),
            image=partial(self.image, dataset),
            versions=versions(),
            created=time.time(),
        )
        return made(gathered)
