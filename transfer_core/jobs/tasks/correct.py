"""A corrected version of a dataset, made beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from transfer_core.jobs.tasks.kept_dataset import keep_dataset
from transfer_core.jobs.tasks.task import SHORT, Place, Task
from transfer_core.store import Store
from transfer_core.types import Event, Mark, digest


@dataclass(frozen=True, kw_only=True)
class Correct(Task):
    kind: ClassVar[str] = "correct"
    lane: ClassVar[str] = SHORT

    dataset: str
    name: str  # of the new one
    marks: tuple[Mark, ...]

    def key(self, lane: str) -> str:
        return digest(self.payload())

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.data.corrected import correct

        dataset = place.dataset(self.dataset)
        target = place.staging / "dataset"
        target.mkdir(parents=True)
        yield from correct(dataset, self.marks, place.root / "datasets" / dataset.id / "samples", target)

    def commit(self, place: Place, store: Store, result: dict[str, Any]) -> dict[str, Any]:
        return keep_dataset(place, store, result, self.name)
