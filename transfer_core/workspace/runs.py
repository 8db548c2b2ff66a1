"""Runs of a workspace: queued, looked at, repeated, deleted."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from transfer_core.compare.best import best_runs
from transfer_core.compare.comparison import train_images
from transfer_core.compare.predictions import read_predictions
from transfer_core.compare.repeats import repeats, resampled
from transfer_core.compare.titles import titles
from transfer_core.errors import UnknownJob
from transfer_core.jobs.tasks import run_folder, task_of
from transfer_core.jobs.tasks.train import Train
from transfer_core.strategies import STRATEGIES
from transfer_core.types import Dataset, Job, Predictions, Recipe, Repeats, Resampled, Run
from transfer_core.workspace.naming import matching
from transfer_core.workspace.opened import Opened

RESULTS = (
    *("seconds", "saved_seconds", "test_accuracy", "val_accuracy", "images_per_second", "peak_bytes"),
    *("epochs_done", "epochs_planned"),
)


class Runs(Opened):
    """Trainings and what they left."""

    def submit(self, recipes: Sequence[Recipe], *, device: str = "auto", again: bool = False) -> tuple[str, ...]:
        """Queue runs. A recipe that has finished, runs or waits already gives that run's id, unless `again`.

        A timing that waits or runs on the device makes way. Raises RecipeError for a device that this machine does not
        have.
        """
        self._check_device(device)
        for job in self._store.jobs(kind="speed", active=True):
            if job.lane == self._lane(device):
                self.stop(job.id)
        return tuple(self._queue(Train(recipe=wanted), device=device, again=again) for wanted in recipes)

    def run(self, id: str) -> Run:
        """Raises UnknownJob."""
        job = self._store.job(id)
        if job.kind != "train":
            raise UnknownJob(f"{id!r} is not a run.")
        return _run(job)

    def run_named(self, id: str) -> Run:
        """By its id or the beginning of it; none that was deleted. Raises UnknownJob when that is none, or several."""
        runs = {run.id: run for run in self.runs()}
        found = matching(id, dict.fromkeys(runs, ""))
        if len(found) > 1:
            which = ", ".join(f"{known} ({runs[known].recipe.strategy})" for known in found)
            raise UnknownJob(f"{id!r} may be more than one run: {which}. Give the whole id of one.")
        if not found:
            raise UnknownJob(f"There is no run {id!r} in this workspace. `graft list runs` shows those that it has.")
        return runs[found[0]]

    def runs(self, dataset: str = "", *, active: bool = False) -> tuple[Run, ...]:
        """Newest first."""
        return tuple(_run(job) for job in self._store.jobs(kind="train", dataset=dataset, active=active))

    def delete_run(self, id: str) -> None:
        """Stop and hide a run; `restore_run` undoes it until Graft starts again."""
        self.stop(id)
        self._store.mark_job(id, deleted=time.time())

    def restore_run(self, id: str) -> None:
        self._store.mark_job(id, deleted=None)

    def predictions(self, run: str) -> Predictions:
        """Raises UnknownJob when the run has left none."""
        return read_predictions(run_folder(self.root, run))

    def model_bytes(self, run: str) -> int | None:
        """Size of a run's model file; None where it left none."""
        file = self.model_file(run)
        try:
            return None if file is None else file.stat().st_size
        except OSError:
            return None

    def model_file(self, run: str) -> Path | None:
        """A run's weights; None where it left none."""
        file = run_folder(self.root, run) / "model.safetensors"
        return file if file.is_file() else None

    def best_runs(self, dataset: Dataset) -> tuple[Run, ...]:
        """The best finished run of each strategy by validation, the best first; of one, those with the most images."""
        return best_runs(self.runs(dataset.id), dataset)

    def train_images(self, dataset: Dataset, run: Run) -> int | None:
        """How many images a run trains on; None with folds, which deal the images anew."""
        return None if run.recipe.folds else train_images(dataset, run)

    def titles(self, runs: Sequence[Run], *, marked: bool = False) -> dict[str, str]:
        """A name for each run that tells it from the others.

        `marked`: it also says of one that was stopped how far it came.
        """
        found = titles({run.id: run.recipe for run in runs}, {known.name: known.title for known in STRATEGIES})
        if marked:
            found |= {run.id: f"{found[run.id]}, {run.stopped_words}" for run in runs if run.stopped_words}
        return found

    def repeats(self, dataset: str = "", *, runs: Sequence[Run] | None = None) -> tuple[Repeats, ...]:
        """Runs that repeat one recipe with other seeds or folds, with mean and spread; newest first.

        `runs`: of these alone, newest first, where they have been read already.
        """
        return repeats(self.runs(dataset) if runs is None else runs)

    def titles_of_repeats(self, groups: Sequence[Repeats]) -> tuple[str, ...]:
        """A name for each group that tells what it repeats from what the others do; not how often."""
        shared = [replace(group.runs[0].recipe, seed=0, folds=0, fold=0) for group in groups]
        names = titles({recipe.id: recipe for recipe in shared}, {known.name: known.title for known in STRATEGIES})
        return tuple(names[recipe.id] for recipe in shared)

    def resampled(self, dataset: str = "") -> tuple[Resampled, ...]:
        """Every two recipes that were cross-validated on the same folds, held against each other."""
        groups = [group for group in self.repeats(dataset) if group.runs[0].recipe.folds and group.done > 1]
        sizes = {}
        for group in groups:
            images = self._store.dataset(group.runs[0].recipe.dataset)
            for run in group.runs:
                if run.status == "done":
                    kept = self.predictions(run.id)
                    sizes[run.id] = train_images(images, run, kept), len(kept.test_samples)
        return resampled(groups, sizes)


def _run(job: Job) -> Run:
    task = task_of(job)
    assert isinstance(task, Train)
    return Run(
        id=job.id,
        recipe=task.recipe,
        status=job.status,
        created=job.created,
        started=job.started,
        finished=job.finished,
        device=job.device or job.lane,
        error=job.error,
        log=job.log,
        tap=job.result.get("tap", ""),
        depth_curve=tuple((tap, accuracy) for tap, accuracy in job.result.get("depth_curve", ())),
        stops=job.stops,
        untested=job.result.get("untested", False),
        **{name: job.result.get(name) for name in RESULTS},
    )
