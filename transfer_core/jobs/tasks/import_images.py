"""Images taken in from an archive or folder, or drawn as a built-in example."""

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

    source: str  # path of an archive or folder; '' for an example
    example: str  # its name; '' for none
    name: str  # of the dataset; '' for the source's own
    seed: int
    bands: tuple[int, ...] = NEWEST.bands  # of files with more than three: which are red, green and blue
    first_model: bool = False  # of what comes in, one is to be trained by itself
    reading: str = ""  # how classes are told, as --labels takes it; '' finds out
    encoding: str = ""  # of names in a zip that do not say theirs; '' guesses
    tables: tuple[str, ...] = ()  # paths of tables of labels beside the source

    def run(self, place: Place) -> Iterator[Event]:
        target = place.staging / "dataset"
        target.mkdir(parents=True)
        if self.example:
            from transfer_core.data.examples import draw_example

            yield from draw_example(self.example, target, seed=self.seed)
        else:
            from transfer_core.data.dataset import import_images
            from transfer_core.data.meant import Meant

            meant = Meant(
                labels=self.reading,
                encoding=self.encoding,
                tables=tuple(map(Path, self.tables)),
                without=place.root,
                bands=self.bands,
            )
            yield from import_images(Path(self.source), target, name=self.name, seed=self.seed, meant=meant)

    def commit(self, place: Place, store: Store, result: dict[str, Any]) -> dict[str, Any]:
        return keep_dataset(place, store, result, self.name)
