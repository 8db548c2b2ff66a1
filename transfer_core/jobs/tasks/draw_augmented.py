"""What a recipe makes of training images, as a picture, and what flips and turns make alike."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from transfer_core.jobs.tasks.task import SHORT, Place, Task
from transfer_core.types import Event, Recipe


@dataclass(frozen=True, kw_only=True)
class DrawAugmented(Task):
    kind: ClassVar[str] = "augment"
    lane: ClassVar[str] = SHORT

    recipe: Recipe
    file: str  # of the picture, under the workspace

    def key(self, lane: str) -> str:
        return self.file

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.studies.augmented import draw_augmented

        dataset = place.dataset(self.recipe.dataset)
        yield from draw_augmented(self.recipe, dataset, workspace=place.root, out=place.root / self.file)
