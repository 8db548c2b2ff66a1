"""A finished run as a bundle that is proved to be the same model."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from transfer_core.compare.selective import PROMISED
from transfer_core.jobs.tasks.task import EXPORTS, Place, Task, run_folder, run_folders
from transfer_core.store import Store
from transfer_core.types import JOINED, Event

BUNDLE = "bundle.zip"  # in the folder of the run


@dataclass(frozen=True, kw_only=True)
class Export(Task):
    kind: ClassVar[str] = "export"
    lane: ClassVar[str] = EXPORTS

    from_run: str  # its id; of an ensemble its members', joined
    dataset: str
    fp16: bool = False  # with a second graph, in half precision
    promise: float = PROMISED  # accuracy of the answers that the bundle calls sure

    def key(self, lane: str) -> str:
        key = f"{self.from_run}, with fp16" if self.fp16 else self.from_run
        return key if self.promise == PROMISED else f"{key}, promising {self.promise}"

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.export.bundle import export

        place.staging.mkdir(parents=True, exist_ok=True)
        dataset = place.dataset(self.dataset)
        runs = run_folders(place.root, self.from_run)
        yield from export(runs, dataset, workspace=place.root, out=place.staging, fp16=self.fp16, promise=self.promise)

    def commit(self, place: Place, store: Store, result: dict[str, Any]) -> dict[str, Any]:
        folder = run_folder(place.root, self.from_run)
        if JOINED in self.from_run:
            folder.mkdir(exist_ok=True)  # an ensemble has none of its own
        os.replace(place.staging / result["file"], folder / BUNDLE)
        return result
