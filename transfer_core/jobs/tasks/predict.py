"""Finished runs on images that are in no dataset."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from transfer_core.jobs.tasks.task import SHORT, Place, Task, run_folders
from transfer_core.types import Event


def answers_folder(root: Path, job: str) -> Path:
    """Where a prediction's answers are kept."""
    return root / "predictions" / job


@dataclass(frozen=True, kw_only=True)
class Predict(Task):
    kind: ClassVar[str] = "predict"
    lane: ClassVar[str] = SHORT

    of: tuple[str, ...]  # ids of the runs
    sources: tuple[str, ...]  # paths of image files, folders or zips
    names: tuple[str, ...] = ()  # what the user calls them; () for their own names
    heat: bool = False  # with where each run finds its evidence
    labels: tuple[int, ...] = ()  # the class of each source, for which evidence is looked for too

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.training.predict import predict

        yield from predict(
            {run: run_folders(place.root, run) for run in self.of},
            [Path(source) for source in self.sources],
            answers_folder(place.root, place.id),
            device=place.device,
            names=self.names,
            heat=self.heat,
            labels=self.labels,
        )
