"""Runs taken home as bundles that were checked, or on as backbones to train from."""

from pathlib import Path

from transfer_core.compare.selective import PROMISED, checked_promise
from transfer_core.errors import UnknownJob
from transfer_core.jobs.tasks import run_folder
from transfer_core.jobs.tasks.continue_run import ContinueRun
from transfer_core.jobs.tasks.export import BUNDLE, Export
from transfer_core.strategies import strategy
from transfer_core.types import Job
from transfer_core.workspace.runs import Runs


class Exporting(Runs):
    """A run's bundle: asked for, followed, fetched."""

    def export(self, run: str, *, fp16: bool = False, promise: float = PROMISED) -> str:
        """Queue the making of a run's bundle. Returns the job's id, or that of one that makes it already.

        `fp16`: with a second graph, in half precision, whose cost is measured. `promise`: the accuracy of the answers
        that it calls sure, between 0 and 1. The job's result says how many images the check compared, how many agree,
        and the largest difference of a probability. Raises UnknownJob for a run that left no model or no predictions to
        check it by. An ensemble is one model; one of folds is checked on the dataset's own test images, which none of
        them has seen.
        """
        found = self.run(run)
        if self.model_bytes(run) is None:
            raise UnknownJob(f"Run {run!r} left no trained model, so there is nothing to export. Finish it first.")
        if not found.members or found.tested:
            self.predictions(run)
        return self._queue(
            Export(from_run=found.id, dataset=found.recipe.dataset, fp16=fp16, promise=checked_promise(promise))
        )

    def continue_run(self, run: str, *, name: str) -> str:
        """Queue keeping a run's network as a backbone of that name. Returns the job's id; its result holds "name".

        Raises UnknownJob for a run that left no network, or left the backbone as it was.
        """
        found = self.run(run)
        if found.members or not found.usable:
            raise UnknownJob(f"Run {run!r} left no network of its own to go on from. Pick a finished training.")
        if strategy(found.recipe.strategy).weights == "kept":
            raise UnknownJob(
                f"Run {run!r} left its backbone as it was, so going on from it is starting from"
                f" '{found.recipe.backbone}'. Choose that backbone."
            )
        dataset = self._store.dataset(found.recipe.dataset)
        title = f"{strategy(found.recipe.strategy).title} of {dataset.name}"
        return self._queue(ContinueRun(from_run=run, name=name, title=title))

    def exporting(self, run: str) -> Job | None:
        """The newest job that makes a run's bundle, however it stands; None when none was asked for."""
        return next(iter(self._exports(run)), None)

    def _exports(self, run: str) -> list[Job]:
        """Newest first."""
        jobs = self._store.jobs(kind="export", dataset=self.run(run).recipe.dataset)
        return [job for job in jobs if job.payload["from_run"] == run]

    def exported(self, run: str) -> Job | None:
        """The newest job that made a run's bundle; None while none has ended well, or the bundle is gone."""
        done = (job for job in self._exports(run) if job.status == "done")
        return next(done, None) if self.bundle(run) is not None else None

    def bundle(self, run: str) -> Path | None:
        """The zip of a run that was exported; None for one that was not."""
        file = run_folder(self.root, run) / BUNDLE
        return file if file.is_file() else None
