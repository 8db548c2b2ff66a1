"""Runs taken home as bundles that were checked."""

from pathlib import Path

from transfer_core.compare.selective import PROMISED, checked_promise
from transfer_core.errors import UnknownJob
from transfer_core.jobs.tasks import run_folder
from transfer_core.jobs.tasks.export import BUNDLE, Export
from transfer_core.store import Store
from transfer_core.types import Job
from transfer_core.workspace.jobs import Jobs
from transfer_core.workspace.runs import Runs


class Exports:
    """A run's bundle: asked for, followed, fetched."""

    def __init__(self, store: Store, jobs: Jobs, runs: Runs, root: Path) -> None:
        self._store, self._jobs, self._runs, self._root = store, jobs, runs, root

    def submit(self, run: str, *, fp16: bool = False, promise: float = PROMISED) -> str:
        """Queue the making of a run's bundle. Returns the job's id, or that of one that makes it already.

        `fp16`: with a second graph, in half precision, whose cost is measured. `promise`: the accuracy of the answers
        that it calls sure, between 0 and 1. The job's result says how many images the check compared, how many agree,
        and the largest difference of a probability. Raises UnknownJob for a run that left no model or no predictions to
        check it by. An ensemble is one model; one of folds is checked on the dataset's own test images, which none of
        them has seen.
        """
        found = self._runs.get(run)
        if self._runs.model_bytes(run) is None:
            raise UnknownJob(f"Run {run!r} left no trained model, so there is nothing to export. Finish it first.")
        if not found.members or found.tested:
            self._runs.predictions(run)
        promised = checked_promise(promise)
        if found.members:
            self._store.add_ensemble(found.recipe.dataset, found.id)  # its bundle stays as long as it does
        return self._jobs.add(Export(from_run=found.id, dataset=found.recipe.dataset, fp16=fp16, promise=promised))

    def job(self, run: str) -> Job | None:
        """The newest job that makes a run's bundle, however it stands; None when none was asked for."""
        return next(iter(self._asked(run)), None)

    def done(self, run: str) -> Job | None:
        """The newest job that made a run's bundle; None while none has ended well, or the bundle is gone."""
        done = (job for job in self._asked(run) if job.status == "done")
        return next(done, None) if self.bundle(run) is not None else None

    def bundle(self, run: str) -> Path | None:
        """The zip of a run that was exported; None for one that was not."""
        file = run_folder(self._root, run) / BUNDLE
        return file if file.is_file() else None

    def _asked(self, run: str) -> list[Job]:
        """Newest first."""
        jobs = self._store.jobs(kind="export", dataset=self._runs.get(run).recipe.dataset)
        return [job for job in jobs if job.payload["from_run"] == run]
