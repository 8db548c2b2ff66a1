"""Finished runs held against each other, from what they left; no model runs."""

import threading
import time
from collections.abc import Sequence
from functools import partial

from transfer_core.compare import mistakes
from transfer_core.compare.classes import class_scores
from transfer_core.compare.compared import (
    ClassScore,
    Comparison,
    Disagreement,
    Grade,
    Resampled,
    Score,
    Seen,
    Suspected,
)
from transfer_core.compare.comparison import compared, table_of, train_images
from transfer_core.compare.crossing import Forecast
from transfer_core.compare.forecast import forecast, sides
from transfer_core.compare.pairs import Held
from transfer_core.compare.repeats import resampled
from transfer_core.compare.verdict import WORTH, grade, judged
from transfer_core.errors import DatasetError, GraftError, UnknownJob
from transfer_core.goals import written
from transfer_core.report import Report, made
from transfer_core.report.assets import versions
from transfer_core.report.gathered import Gathered
from transfer_core.strategies import STRATEGIES
from transfer_core.types import Dataset, Goal, Predictions, Run
from transfer_core.workspace.backbones import Backbones
from transfer_core.workspace.datasets import Datasets
from transfer_core.workspace.jobs import Jobs
from transfer_core.workspace.runs import TITLES, Runs
from transfer_core.workspace.studies import Studies

PAIRS_KEPT = 16  # comparisons whose pairs stay in memory


class Comparisons:
    """Which run is better, by how much, where, and the report of it."""

    def __init__(self, jobs: Jobs, datasets: Datasets, runs: Runs, backbones: Backbones, studies: Studies) -> None:
        self._jobs, self._datasets, self._runs = jobs, datasets, runs
        self._backbones, self._studies = backbones, studies
        self._pairs: dict[tuple[str, ...], Held] = {}  # by goal and run ids: predictions never change
        self._lock = threading.Lock()

    def make(self, runs: Sequence[str], *, worth: float = WORTH, goal: Goal | None = None) -> Comparison:
        """Finished runs held against each other, from stored predictions; no model runs.

        `worth`: how much more of what counts a run must reach to be worth more time, as a fraction. `goal`: what
        counts; None: what is kept with the dataset.
        Raises UnknownJob for a run that is none or was not tested, DatasetError for runs that were tested on different
        images, or on none.
        """
        found = [self._runs.get(id) for id in dict.fromkeys(runs)]
        if not found:
            raise UnknownJob("Name at least one finished run to compare.")
        datasets = {run.recipe.dataset for run in found}
        if len(datasets) > 1:
            raise DatasetError("These runs are of different datasets, so their test images differ. Pick one dataset.")
        dataset = self._datasets.get(datasets.pop())
        predictions = {run.id: self._runs.predictions(run.id) for run in found}
        if len({tuple(kept.test_samples) for kept in predictions.values()}) > 1:
            raise DatasetError(
                "These runs were tested on different images: folds of a cross-validation have test images of their own."
                " Pick runs that share them."
            )
        if not len(predictions[found[0].id].test_samples):
            raise DatasetError(f"'{dataset.name}' has no test images, so there is nothing to compare its runs on.")
        known = [run for run in self._runs.list(dataset.id) if run.tested]
        titles = self._runs.titles(found)
        counts = self._studies.goal(dataset) if goal is None else goal
        ids = (written(counts), *predictions)
        with self._lock:
            pairs = self._pairs.get(ids)
        made = compared(found, predictions, dataset, titles, known=known, both=pairs, worth=worth, goal=counts)
        with self._lock:
            self._pairs.pop(ids, None)
            while len(self._pairs) >= PAIRS_KEPT:
                self._pairs.pop(next(iter(self._pairs)))
            scores = {score.run: score for score in (*made.scores, made.constant.score)}
            self._pairs[ids] = Held(
                made.pairs,
                made.constant.pairs,
                {run: each.reached for run, each in scores.items() if each.reached is not None},
                {run: each.precision for run, each in scores.items()},
            )
        return made

    def choice(self, dataset: Dataset, worth: float = WORTH) -> Run | None:
        """The run of a dataset that Graft recommends: the verdict's choice among the best of each strategy.

        Where these cannot be compared, for want of test images say, the best by validation; None where no run left a
        network. `worth` as in `make`.
        """
        best = [run.id for run in self._runs.best(dataset)]
        if best:
            try:
                return self._runs.get(self.make(best, worth=worth).verdict.choice)
            except GraftError:
                pass
        return max((run for run in self._runs.list(dataset.id) if run.usable), key=judged, default=None)

    def grade(self, comparison: Comparison) -> Grade:
        """What became of the strategy that Graft recommends for what was said and measured."""
        decision = self._studies.decided(self._datasets.get(comparison.runs[0].recipe.dataset))
        return grade(table_of(comparison), decision.strategy, TITLES)

    def forecast(self, comparison: Comparison) -> Forecast | None:
        """How many more images it takes until fine-tuning wins; None where one of the two approaches has no run here.

        Raises GraftError for predictions that cannot be read.
        """
        dataset = self._datasets.get(comparison.runs[0].recipe.dataset)
        both = sides(comparison, self._runs.list(dataset.id), dataset)
        if both is None:
            return None
        return forecast(both, {run.id: self._runs.predictions(run.id) for side in both for run in side.runs}, dataset)

    def class_scores(self, score: Score) -> tuple[ClassScore, ...]:
        """A run's recall, precision and F1 on each class, in the dataset's order."""
        return class_scores(score.confusion)

    def disagreement(self, first: str, second: str) -> Disagreement:
        """Test images that the second run fixes and breaks against the first. Raises GraftError as `make` does."""
        return mistakes.disagreement(first, second, self._tested((first, second)))

    def confused(self, run: str, label: int, predicted: int, *, beside: Sequence[str] = ()) -> tuple[Seen, ...]:
        """The test images of one cell of a run's confusion matrix, the surest first, and what other runs say.

        `label` and `predicted`: numbers of classes. Raises GraftError as `make` does.
        """
        return mistakes.confused(run, self._tested((run, *beside)), label, predicted)

    def mistakes(self, run: str, *, beside: Sequence[str] = ()) -> tuple[Seen, ...]:
        """The test images that a run has wrong, those first that it was surest of, and what other runs say."""
        return mistakes.mistakes(run, self._tested((run, *beside)))

    def label_errors(self, runs: Sequence[str]) -> tuple[Seen, ...]:
        """Validation and test images whose label is likely wrong, as these runs agree; the likeliest first.

        () where the runs are too weak to tell: `suspected` says how weak.
        """
        return self.suspected(runs).offered

    def suspected(self, runs: Sequence[str]) -> Suspected:
        """The same images, offered or not, with what to hold of them."""
        return mistakes.suspected(self._tested(runs))

    def resampled(self, dataset: str = "") -> tuple[Resampled, ...]:
        """Every two recipes that were cross-validated on the same folds, held against each other.

        `dataset`: its id; '': of all.
        """
        groups = [group for group in self._runs.repeats(dataset) if group.runs[0].recipe.folds and group.done > 1]
        sizes = {}
        for group in groups:
            images = self._datasets.get(group.runs[0].recipe.dataset)
            for run in group.runs:
                if run.status == "done":
                    kept = self._runs.predictions(run.id)
                    sizes[run.id] = train_images(images, run, kept), len(kept.test_samples)
        return resampled(groups, sizes)

    def _tested(self, runs: Sequence[str]) -> dict[str, Predictions]:
        found = {run: self._runs.predictions(run) for run in dict.fromkeys(runs)}
        if len({tuple(kept.test_samples) for kept in found.values()}) > 1:
            raise DatasetError("These runs were tested on different images. Pick runs that share them.")
        return found

    def report(self, dataset: Dataset, runs: Sequence[str] | None = None, *, worth: float = WORTH) -> Report:
        """A comparison for people who are elsewhere or come later: one HTML file and one JSON, with all that led there.

        `runs`: of this dataset; None: the best of each strategy. Raises GraftError as `make` does.
        """
        chosen = [run.id for run in self._runs.best(dataset)] if runs is None else runs
        if not chosen:
            raise DatasetError(f"'{dataset.name}' has no finished run to report on. Train a strategy on it first.")
        comparison = self.make(chosen, worth=worth)
        if comparison.runs[0].recipe.dataset != dataset.id:
            raise DatasetError(f"These runs are not of '{dataset.name}'. Name runs of it, or the dataset they are of.")
        ids = [run.id for run in comparison.runs]
        choice, rival = comparison.verdict.choice, comparison.rival
        differ = self.disagreement(rival, choice) if rival is not None else None
        groups = self._runs.repeats(dataset.id)
        said = self._studies.said(dataset)
        gathered = Gathered(
            dataset=dataset,
            profile=self._datasets.profile(dataset),
            said=said,
            measured=self._studies.measured(dataset, said.backbone),
            decision=self._studies.decided(dataset),
            comparison=comparison,
            grade=self.grade(comparison),
            strategies=STRATEGIES,
            backbones=self._backbones.list(),
            runs={run.id: run for run in self._runs.list(dataset.id)},
            events={id: [event for _, _, event in self._jobs.events(id)] for id in ids},
            model_bytes={id: self._runs.model_bytes(id) for id in ids},
            repeats=list(zip(self._runs.titles_of_repeats(groups), groups, strict=True)),
            resampled=self.resampled(dataset.id),
            mistakes=self.mistakes(choice, beside=ids),
            rival=rival,
            fixed=differ.fixed if differ is not None else (),
            broken=differ.broken if differ is not None else (),
            label_errors=self.label_errors(ids),
            image=partial(self._datasets.image, dataset),
            versions=versions(),
            created=time.time(),
        )
        return made(gathered)
