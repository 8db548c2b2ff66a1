"""Corrected versions of a dataset: marks on its images, and the new dataset that they make."""

from collections.abc import Sequence

from transfer_core.data.corrected import changed, corrected_id, corrected_name, effective
from transfer_core.jobs.tasks.correct import Correct
from transfer_core.store import Store
from transfer_core.types import Dataset, Job, Mark
from transfer_core.workspace.datasets import DatasetRow, Datasets
from transfer_core.workspace.jobs import Jobs


class Corrections:
    """What is to become of images whose label is wrong."""

    def __init__(self, store: Store, jobs: Jobs, datasets: Datasets) -> None:
        self._store, self._jobs, self._datasets = store, jobs, datasets

    def marks(self, dataset: Dataset) -> tuple[Mark, ...]:
        """What is to become of images in a corrected version: drafts, kept with the dataset; by sample."""
        return self._store.marks(dataset.id)

    def mark(self, dataset: Dataset, marks: Sequence[Mark]) -> None:
        """Keep marks, each in place of one that its image has; its own label takes a mark back. Raises DatasetError."""
        found = effective(dataset, marks)
        self._store.unmark(dataset.id, {mark.sample for mark in marks} - {mark.sample for mark in found})
        self._store.mark(dataset.id, found)

    def unmark(self, dataset: Dataset, samples: Sequence[int] | None = None) -> None:
        """Take back the marks of some images; None: all."""
        self._store.unmark(dataset.id, samples)

    def submit(self, dataset: Dataset, marks: Sequence[Mark] | None = None) -> str:
        """Queue the making of a new dataset with these marks (None: those that are kept). Returns the job's id.

        Of a job with the same marks that is active already, that one's. Raises DatasetError when nothing is marked, or
        too little of a class or split would be left.
        """
        wanted = effective(dataset, self.marks(dataset) if marks is None else marks)
        changed(dataset, wanted)
        return self._jobs.add(Correct(dataset=dataset.id, name=corrected_name(dataset, wanted), marks=tuple(wanted)))

    def job(self, dataset: Dataset) -> Job | None:
        """The newest job that makes a corrected version, however it stands; None when none was asked for."""
        return next(iter(self._store.jobs(kind="correct", dataset=dataset.id)), None)

    def made(self, dataset: Dataset) -> DatasetRow | None:
        """The version that the kept marks make; None until it has been made."""
        id = corrected_id(dataset, self.marks(dataset))
        return next((row for row in self._datasets.list() if row.id == id), None)
