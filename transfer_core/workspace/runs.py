"""Runs of a workspace: queued, looked at, repeated, deleted."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from transfer_core.backbones import backbone, backbone_titles
from transfer_core.compare.best import best_runs
from transfer_core.compare.comparison import train_images
from transfer_core.compare.predictions import read_predictions
from transfer_core.compare.repeats import repeats
from transfer_core.compare.titles import title_of_ensemble, titles
from transfer_core.errors import GraftError, UnknownJob
from transfer_core.expected import expected_seconds
from transfer_core.goals import ACCURACY, reached, written
from transfer_core.jobs.tasks import job_log, run_folder
from transfer_core.jobs.tasks.train import Train
from transfer_core.store import Store
from transfer_core.store.jobs import CUT_OFF
from transfer_core.strategies import STRATEGIES
from transfer_core.types import JOINED, Dataset, Goal, Predictions, Recipe, Remark, Repeats, Run, Status
from transfer_core.workspace.ensembles import Ensembles
from transfer_core.workspace.goals import kept_goal
from transfer_core.workspace.jobs import Jobs
from transfer_core.workspace.naming import matching
from transfer_core.workspace.paces import Paces
from transfer_core.workspace.remarks import named
from transfer_core.workspace.trained import run_of, trained

TITLES = {known.name: known.title for known in STRATEGIES}


class Runs:
    """Trainings and what they left. Where a run's id stands, an ensemble's may stand too."""

    def __init__(self, store: Store, jobs: Jobs, paces: Paces, ensembles: Ensembles, root: Path) -> None:
        self._store, self._jobs, self._paces, self._ensembles, self._root = store, jobs, paces, ensembles, root
        self._reached: dict[tuple[str, str], float] = {}  # on validation images, which never change, by run and goal

    def list(self, dataset: str = "", *, active: bool = False) -> tuple[Run, ...]:
        """Runs of a dataset by its id ('': of all), newest first, without ensembles. `active`: that wait or run."""
        jobs, remarks = self._store.jobs(kind="train", dataset=dataset, active=active), self._store.remarks()
        return tuple(run_of(job, remarks.get(job.id, Remark())) for job in jobs)

    def rename(self, id: str, name: str) -> str:
        """Call a run so from now on, in place of its title; '' gives it its title back.

        Returns the name that it got: the next free one where another run of its dataset has it. Raises GraftError for
        an ensemble, or a name that is too long.
        """
        run = self.get(id)
        if run.members:
            raise GraftError("An ensemble is called by its members. Rename one of them.")
        got = named(name, (each.remark.name for each in self.list(run.recipe.dataset) if each.id != id))
        self._store.write_remark(id, replace(run.remark, name=got))
        self._ensembles.forget()  # what its members are called
        return got

    def standing(self, dataset: str = "") -> dict[str, Status]:
        """How each run of a dataset stands ('': of all), by id: what a page looks at again and again."""
        return self._store.standing("train", dataset)

    def get(self, id: str) -> Run:
        """The run of that id, a deleted one too; an ensemble as `ensembles.get` has it. Raises UnknownJob."""
        return self._ensembles.get(id) if JOINED in id else trained(self._store, id)

    def find(self, text: str) -> Run:
        """The run of that id, or whose id begins so; an ensemble by its members, joined by a plus.

        Raises UnknownJob when that is none, or several, or was deleted.
        """
        if JOINED in text:
            return self.get(JOINED.join(each and self.find(each).id for each in map(str.strip, text.split(JOINED))))
        runs = {run.id: run for run in self.list()}
        found = matching(text, dict.fromkeys(runs, ""))
        if len(found) > 1:
            which = ", ".join(f"{known} ({runs[known].recipe.strategy})" for known in found)
            raise UnknownJob(f"{text!r} may be more than one run: {which}. Give the whole id of one.")
        if not found:
            raise UnknownJob(f"There is no run {text!r} in this workspace. `graft list runs` shows those that it has.")
        return runs[found[0]]

    def submit(self, recipes: Sequence[Recipe], *, device: str = "auto", again: bool = False) -> tuple[str, ...]:
        """Queue a training of each recipe. Returns their ids.

        A recipe that has finished, runs or waits already gives that run's id, unless `again`. A timing that waits or
        runs on the device makes way. Raises RecipeError for a device that this machine does not have.
        """
        self._jobs.stop_timings(device)
        return tuple(self._submit(wanted, device, again) for wanted in recipes)

    def _submit(self, wanted: Recipe, device: str, again: bool) -> str:
        task = Train(recipe=wanted, expected=self._expected(wanted, device))
        id = self._jobs.add(task, device=device, again=again)
        if self._store.job(id).payload.get("by_itself"):
            self._store.note(id, "payload", by_itself=False)  # somebody asked for it now: it makes way for nobody
        return id

    def first_of(self, ids: Sequence[str]) -> str:
        """Of these runs the one that trains, else the one that trains next, else the first: what there is to see."""
        return self._store.first_of(ids) or ids[0]

    def submit_by_itself(self, wanted: Recipe) -> str:
        """Queue a training that nobody asked for on the default device: it makes way for whatever somebody does."""
        task = Train(recipe=wanted, by_itself=True, expected=self._expected(wanted, "auto"))
        return self._jobs.add(task)

    def _expected(self, wanted: Recipe, device: str) -> float | None:
        """Seconds, for its turn in the queue; None where nothing was timed."""
        try:
            network = backbone(wanted.backbone, self._root)
            pace = self._paces.of(network, device)
            if pace is None:
                return None
            return expected_seconds(wanted, self._store.dataset(wanted.dataset), network, pace)
        except GraftError:  # the job says what is wrong with it
            return None

    def pause(self, id: str) -> None:
        """Have a run keep where it stands and make room; `resume` goes on with it. One that waits leaves the queue.

        One that has ended, or was told to stop, stays as it is.
        """
        self._store.request_pause(id)

    def resume(self, ids: Sequence[str]) -> tuple[str, ...]:
        """Queue runs that were interrupted, each to go on from its newest checkpoint, or anew where it has none yet.

        Returns the ids of those that were queued; others stay as they are. Raises DatasetError where the dataset of one
        is gone.
        """
        queued = []
        for id in ids:
            job = self._store.job(id)
            self._store.dataset(job.dataset)
            if job.kind == "train" and self._store.requeue(id, job.error, of=("interrupted",)):
                queued.append(id)
                if self._jobs.lanes is not None:
                    self._jobs.lanes.wake(job.lane)
        return tuple(queued)

    def resume_cut_off(self) -> tuple[str, ...]:
        """Resume those that ended with an earlier Graft, the oldest first; what was paused, or has no dataset any
        more, stays so."""
        queued: list[str] = []
        for run in reversed(self.list()):
            if run.error == CUT_OFF:
                with suppress(GraftError):
                    queued += self.resume([run.id])
        return tuple(queued)

    def delete(self, id: str) -> None:
        """Stop and hide a run, or forget an ensemble; `restore` undoes it until the workspace is opened anew."""
        if JOINED in id:
            self._ensembles.delete(id)
            return
        self._jobs.stop(id)
        self._store.mark_job(id, deleted=time.time())

    def restore(self, id: str) -> None:
        """Undo `delete`. Raises UnknownJob once the run is gone for good."""
        if JOINED in id:
            self._ensembles.make(id.split(JOINED))
            return
        self._store.job(id)
        self._store.mark_job(id, deleted=None)

    def predictions(self, id: str) -> Predictions:
        """What it says of validation and test images: their numbers and labels (N,), its probabilities (N, C).

        Raises UnknownJob when the run has left none, DatasetError for an ensemble of runs tested on other images.
        """
        return self._ensembles.predictions(id) if JOINED in id else read_predictions(run_folder(self._root, id))

    def model_file(self, id: str) -> Path | None:
        """A run's weights; None where it left none, and for an ensemble."""
        file = run_folder(self._root, id) / "model.safetensors"
        return file if file.is_file() else None

    def model_bytes(self, id: str) -> int | None:
        """Size of a run's model file, or of all members'; None where it left none."""
        try:
            files = [self.model_file(each) for each in id.split(JOINED)]
            return None if None in files else sum(file.stat().st_size for file in files if file is not None)
        except OSError:
            return None

    def folder(self, run: Run) -> Path:
        """Where a run keeps what it left."""
        return run_folder(self._root, run.id)

    def files(self, run: Run) -> tuple[Path, ...]:
        """Files and folders that are a run's own."""
        return tuple(place for place in (self.folder(run), job_log(self._root, run.id)) if place.exists())

    def best(self, dataset: Dataset) -> tuple[Run, ...]:
        """The best finished run of each strategy by validation, the best first: those that are held against each other
        where nobody chose. Which of them to take is `Comparisons.choice`."""
        goal = kept_goal(self._store, dataset)
        if goal == ACCURACY:
            return best_runs(self.list(dataset.id), dataset)
        return best_runs(self.list(dataset.id), dataset, lambda run: self._validated(run, dataset, goal) or 0.0)

    def validated(self, dataset: Dataset, run: Run) -> float | None:
        """What a run reaches on validation images of what counts; None until it was measured, or where its predictions
        are gone."""
        goal = kept_goal(self._store, dataset)
        if goal == ACCURACY or not run.tested:
            return run.val_accuracy if goal == ACCURACY else None
        return self._validated(run, dataset, goal)

    def _validated(self, run: Run, dataset: Dataset, goal: Goal) -> float | None:
        key = run.id, written(goal)
        if key not in self._reached:
            try:
                kept = self.predictions(run.id)
            except GraftError:
                return None
            self._reached[key] = reached(goal, kept.val_labels, kept.val_probabilities, dataset.classes)
        return self._reached[key]

    def train_images(self, dataset: Dataset, run: Run) -> int | None:
        """How many images a run trains on; None with folds, which deal the images anew."""
        return None if run.recipe.folds else train_images(dataset, run)

    def titles(self, runs: Sequence[Run]) -> dict[str, str]:
        """A name for each run, by its id: its own, or one that tells it from all others of its dataset, wherever it is
        shown; of one that was stopped, how far it came."""
        alone = {member.id: member for run in runs for member in (run.members or (run,))}
        datasets = {run.recipe.dataset for run in alone.values()}
        known = {run.id: run for dataset in datasets for run in self.list(dataset)} | alone
        oldest = sorted(known.values(), key=lambda run: (run.recipe.dataset, run.created, run.id))
        found = titles({run.id: run.recipe for run in oldest}, TITLES, backbone_titles(self._root))
        found |= {id: run.remark.name for id, run in alone.items() if run.remark.name}
        found |= {id: f"{found[id]}, {run.stopped_words}" for id, run in alone.items() if run.stopped_words}
        together = {run.id: title_of_ensemble([found[each.id] for each in run.members]) for run in runs if run.members}
        return {run.id: together.get(run.id) or found[run.id] for run in runs}

    def title(self, run: Run) -> str:
        """The name that tells a run from all others of its dataset."""
        return self.titles([run])[run.id]

    def repeats(self, dataset: str = "", *, runs: Sequence[Run] | None = None) -> tuple[Repeats, ...]:
        """Runs that repeat one recipe with other seeds or folds, with mean and spread; newest first.

        `dataset`: its id; '': of all. `runs`: of these alone, newest first, where they have been read already.
        """
        return repeats(self.list(dataset) if runs is None else runs)

    def titles_of_repeats(self, groups: Sequence[Repeats]) -> tuple[str, ...]:
        """A name for each group that tells what it repeats from what the others do; not how often."""
        shared = [replace(group.runs[0].recipe, seed=0, folds=0, fold=0) for group in groups]
        names = titles({recipe.id: recipe for recipe in shared}, TITLES, backbone_titles(self._root))
        return tuple(names[recipe.id] for recipe in shared)
