"""A run: a recipe trained and tested."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from transfer_core.jobs.tasks.task import Place, Task
from transfer_core.types import GOING, Event, Recipe, Status


@dataclass(frozen=True, kw_only=True)
class Train(Task):
    kind: ClassVar[str] = "train"
    reuse: ClassVar[Sequence[Status]] = (*GOING, "done")

    recipe: Recipe

    @property
    def about(self) -> str:
        return self.recipe.dataset

    def key(self, lane: str) -> str:
        return self.recipe.id

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.training.fit import fit

        dataset = place.dataset(self.recipe.dataset)
        place.run.mkdir(parents=True, exist_ok=True)
        yield from fit(self.recipe, dataset, workspace=place.root, out=place.run, device=place.device)
