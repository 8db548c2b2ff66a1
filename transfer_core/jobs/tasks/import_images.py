"""Images taken in from a zip or folder, or drawn as a built-in example."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from transfer_core.jobs.tasks.kept_dataset import keep_dataset
from transfer_core.jobs.tasks.task import SHORT, Place, Task
from transfer_core.store import Store
from transfer_core.types import NEWEST, Event


@dataclass(frozen=True, kw_only=True)
class ImportImages(Task):
    kind: ClassVar[str] = "import"
    lane: ClassVar[str] = SHORT

    source: str  # path of a zip or folder; '' for an example
    example: str  # its name; '' for none
    name: str  # of the dataset; '' for the source's own
    seed: int
    bands: tuple[int, ...] = NEWEST.bands  # of files with more than three: which are red, green and blue
    first_model: bool = False  # of what comes in, one is to be trained by itself

    def run(self, place: Place) -> Iterator[Event]:
        target = place.staging / "dataset"
        target.mkdir(parents=True)
        if self.example:
            from transfer_core.data.examples import draw_example

            yield from draw_example(self.example, target, seed=self.seed)
        else:
            from transfer_core.data.dataset import import_images

            found = import_images(Path(self.source), target, name=self.name, seed=self.seed, bands=self.bands)
            yield from found

    def commit(self, place: Place, store: Store, result: dict[str, Any]) -> dict[str, Any]:
        return keep_dataset(place, store, result, self.name)
