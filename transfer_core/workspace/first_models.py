"""A first model of images that a page has taken in, trained by itself while the device has nothing else to do."""

import numpy as np

from transfer_core.errors import GraftError
from transfer_core.expected import expected_seconds
from transfer_core.jobs.tasks import task_of
from transfer_core.jobs.tasks.import_images import ImportImages
from transfer_core.jobs.tasks.train import Train
from transfer_core.store import Store
from transfer_core.strategies.linear_probe import LINEAR_PROBE
from transfer_core.types import TRAIN, Backbone, Dataset, Job, Pace, Recipe
from transfer_core.workspace.backbones import Backbones
from transfer_core.workspace.jobs import Jobs
from transfer_core.workspace.recipes import Recipes
from transfer_core.workspace.runs import Runs
from transfer_core.workspace.settings import KeptSettings

MOST_SECONDS = 60.0  # that it is expected to take; of more images it is trained on a part
LEAST_A_CLASS = 10  # images of a class, however long the others take
BEGUN = "first_model"  # in an import's result: the run's id; '' where none was to be, or not again
AGAIN = "first_model_again"  # there too: it was cut off, and went on


class FirstModels:
    """Linear probes on the default backbone, one for each import that asks for it; one that was cut off goes on by
    itself, once."""

    def __init__(
        self, store: Store, jobs: Jobs, runs: Runs, backbones: Backbones, recipes: Recipes, settings: KeptSettings
    ) -> None:
        self._store, self._jobs, self._runs = store, jobs, runs
        self._backbones, self._recipes, self._settings = backbones, recipes, settings

    def look(self) -> None:
        """Start those that are due, and those that were cut off. Called whenever a job has ended; it asks the store
        alone, so nothing is lost."""
        if not self._jobs.devices():
            return  # until the first worker has said which there are
        trainings = self._store.jobs(kind="train")
        cut_off = {run.id for run in trainings if run.status == "interrupted" and not run.payload.get("pausing")}
        imports = self._store.jobs(kind="import")
        due = [job for job in imports if _asks(job) and job.result.get(BEGUN) in (None, *cut_off)]
        if not self._settings.get().first_model:
            for job in due:
                self._store.note(job.id, "result", **{BEGUN: ""})
            return
        network = self._backbones.get()
        if not self._backbones.available(network):
            due = []  # a download is nothing to begin unasked; once the weights are here it begins
        pace = self._backbones.pace(network)
        if pace is not None:
            for job in due:
                self._store.note(job.id, "result", **{BEGUN: self._begin(job, network, pace)})
        self._time(network, own=pace is not None)

    def _begin(self, job: Job, network: Backbone, pace: Pace) -> str:
        """The run's id; '' where somebody has trained or removed such a run already, it was cut off twice, or the
        dataset is gone."""
        last = job.result.get(BEGUN)
        try:
            dataset = self._store.dataset(job.result["id"])
            trained = self._store.ever(kind="train", dataset=dataset.id)
            if job.result.get(AGAIN) or any(_same(run, network) for run in trained if run.id != last):
                return ""
            if last is None:
                return self._runs.submit_by_itself(self.recipe(dataset, network, pace))
            self._store.note(job.id, "result", **{AGAIN: True})
            self._runs.resume([last])
        except GraftError:
            return ""
        return str(last)

    def recipe(self, dataset: Dataset, network: Backbone, pace: Pace) -> Recipe:
        """A linear probe on all training images, or on so many of each class as MOST_SECONDS are enough for."""

        def of(per_class: int) -> Recipe:
            return self._recipes.make(dataset, LINEAR_PROBE.name, network.name, per_class=per_class)

        own = np.bincount(dataset.labels[dataset.splits == TRAIN], minlength=len(dataset.classes))
        fewest, most = LEAST_A_CLASS, int(own.max())
        if expected_seconds(of(0), dataset, network, pace) <= MOST_SECONDS or most <= fewest:
            return of(0)
        while most - fewest > 1:  # `most` takes too long
            middle = (fewest + most) // 2
            if expected_seconds(of(middle), dataset, network, pace) <= MOST_SECONDS:
                fewest = middle
            else:
                most = middle
        return of(fewest)

    def _time(self, network: Backbone, *, own: bool) -> None:
        """Time the network, and with `own` those that strategies bring along, so that times are known when asked for.

        Not while anything else goes on, nor where somebody has just stopped a timing.
        """
        jobs = self._jobs.list()
        last = max((job for job in jobs if job.finished), key=lambda job: job.finished or 0.0, default=None)
        stopped = last is not None and (last.kind, last.status) == ("speed", "stopped")
        if not stopped and not any(job.active for job in jobs):
            self._backbones.measure_missing_speeds(network.name, own=own)


def _asks(job: Job) -> bool:
    task = task_of(job)
    return job.status == "done" and isinstance(task, ImportImages) and task.first_model


def _same(run: Job, network: Backbone) -> bool:
    """Whether it is a linear probe of all or some images on that network."""
    task = task_of(run)
    return isinstance(task, Train) and (task.recipe.strategy, task.recipe.weights) == (
        LINEAR_PROBE.name,
        network.weights,
    )
