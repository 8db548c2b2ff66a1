"""Runs of a workspace: queued, looked at, repeated, deleted."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from transfer_core.compare.best import best_runs
from transfer_core.compare.comparison import train_images
from transfer_core.compare.ensemble import as_run, combined, suggested
from transfer_core.compare.predictions import read_predictions
from transfer_core.compare.repeats import repeats, resampled
from transfer_core.compare.titles import title_of_ensemble, titles
from transfer_core.errors import DatasetError, UnknownJob
from transfer_core.jobs.tasks import run_folder, task_of
from transfer_core.jobs.tasks.train import Train
from transfer_core.strategies import STRATEGIES
from transfer_core.types import JOINED, Dataset, Job, Predictions, Recipe, Repeats, Resampled, Run
from transfer_core.workspace.naming import matching
from transfer_core.workspace.opened import Opened

ENSEMBLES_KEPT = 64  # in memory
RESULTS = (
    *("seconds", "saved_seconds", "test_accuracy", "val_accuracy", "images_per_second", "peak_bytes"),
    *("epochs_done", "epochs_planned"),
)


class Runs(Opened):
    """Trainings and what they left."""

    def __init__(self, root: Path, *, write: bool = True) -> None:
        super().__init__(root, write=write)
        self._ensembles: dict[str, Run] = {}  # by id: what finished runs left never changes

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
        """A training, or an ensemble by its members' ids with a plus between them, in whichever order.

        Raises UnknownJob, for an ensemble too whose members left no network, or are of different datasets.
        """
        if JOINED in id:
            return self._ensemble(id)
        job = self._store.job(id)
        if job.kind != "train":
            raise UnknownJob(f"{id!r} is not a run.")
        return _run(job)

    def run_named(self, id: str) -> Run:
        """By its id or the beginning of it; none that was deleted. An ensemble by its members, joined by a plus.

        Raises UnknownJob when that is none, or several.
        """
        if JOINED in id:
            return self.run(JOINED.join(each and self.run_named(each).id for each in map(str.strip, id.split(JOINED))))
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
        """Stop and hide a run, or forget an ensemble; `restore_run` undoes it until Graft starts again."""
        if JOINED in id:
            self.forget_ensemble(id)
            return
        self.stop(id)
        self._store.mark_job(id, deleted=time.time())

    def restore_run(self, id: str) -> None:
        if JOINED in id:
            self.combine(id.split(JOINED))
            return
        self._store.mark_job(id, deleted=None)

    def predictions(self, run: str) -> Predictions:
        """Raises UnknownJob when the run has left none, DatasetError for an ensemble of runs tested on other images."""
        if JOINED in run:
            return combined(self._members_said(run.split(JOINED)))
        return read_predictions(run_folder(self.root, run))

    def _members_said(self, runs: Sequence[str]) -> dict[str, Predictions]:
        return {id: read_predictions(run_folder(self.root, id)) for id in runs}

    def _ensemble(self, id: str) -> Run:
        if id not in self._ensembles:
            members = [self.run(each) for each in id.split(JOINED) if each]
            if len({each.id for each in members}) <= id.count(JOINED):
                raise UnknownJob(
                    f"{id!r} is no ensemble. Name two runs or more, each once, with {JOINED} between them."
                )
            if len({member.recipe.dataset for member in members}) > 1:
                raise UnknownJob("These runs are of different datasets, so they are no ensemble. Pick runs of one.")
            lacking = [member.id for member in members if not member.usable]
            if lacking:
                raise UnknownJob(f"Run {lacking[0]!r} has left no network, so no ensemble has it. Leave it out.")
            try:
                said = self.predictions(id) if all(member.tested for member in members) else None
            except DatasetError:
                said = None  # folds: each was tested on images of its own
            if len(self._ensembles) >= ENSEMBLES_KEPT:
                self._ensembles.pop(next(iter(self._ensembles)))
            members.sort(key=lambda run: (-(run.val_accuracy or 0.0), run.id))  # so that the same runs are one ensemble
            self._ensembles[id] = as_run(members, said)
        return self._ensembles[id]

    def combine(self, runs: Sequence[str]) -> str:
        """Keep an ensemble of finished runs: the mean of their calibrated probabilities. Returns its id, the best
        member first.

        Raises UnknownJob as `run` does.
        """
        made = self._ensemble(JOINED.join(dict.fromkeys(runs)))
        self._store.add_ensemble(made.recipe.dataset, made.id)
        return made.id

    def ensembles(self, dataset: str) -> tuple[Run, ...]:
        """Those that somebody made, the newest first; one of whose members has gone, or cannot be read, is left out."""
        there, found = {run.id for run in self.runs(dataset)}, dict[str, Run]()
        for id in self._store.ensembles(dataset):
            if there.issuperset(id.split(JOINED)):
                with suppress(UnknownJob):
                    run = self.run(id)
                    found[run.id] = run
        return tuple(found.values())

    def forget_ensemble(self, id: str) -> None:
        """Its members stay, in whichever order they are named. `combine` makes it again."""
        for kept in self._store.ensembles():
            if set(kept.split(JOINED)) == set(id.split(JOINED)):
                self._store.remove_ensemble(kept)

    def suggested_ensemble(self, runs: Sequence[Run]) -> tuple[str, ...]:
        """Of finished runs tested on the same images those that are best together, by validation; () below two."""
        tested = [run.id for run in runs if run.tested and not run.members]
        return suggested(self._members_said(tested)) if len(tested) > 1 else ()

    def model_bytes(self, run: str) -> int | None:
        """Size of a run's model file, or of all members'; None where it left none."""
        try:
            files = [self.model_file(each) for each in run.split(JOINED)]
            return None if None in files else sum(file.stat().st_size for file in files if file is not None)
        except OSError:
            return None

    def model_file(self, run: str) -> Path | None:
        """A run's weights; None where it left none, and for an ensemble."""
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
        alone = {member.id: member for run in runs for member in (run.members or (run,))}
        found = titles({id: run.recipe for id, run in alone.items()}, {known.name: known.title for known in STRATEGIES})
        if marked:
            found |= {id: f"{found[id]}, {run.stopped_words}" for id, run in alone.items() if run.stopped_words}
        together = {run.id: title_of_ensemble([found[each.id] for each in run.members]) for run in runs if run.members}
        return {run.id: together.get(run.id) or found[run.id] for run in runs}

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
    figures: dict[str, Any] = {name: job.result.get(name) for name in RESULTS}
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
        **figures,
    )
