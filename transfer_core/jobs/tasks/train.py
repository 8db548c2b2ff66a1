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
    by_itself: bool = False  # Graft started it unasked: it makes way for whatever somebody asks for
    expected: float | None = None  # seconds, when it was queued; None: unknown
    overtaken: float = 0.0  # seconds expected of those that came later and went first
    resumed: int = 0  # how often it was put back into the queue to go on
    deaths: int = 0  # of workers that trained it
    cut_off: str = ""  # why, the last time, in a sentence
    pausing: bool = False  # it was told to pause

    @property
    def about(self) -> str:
        return self.recipe.dataset

    def key(self, lane: str) -> str:
        return self.recipe.id

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.training.fit import fit

        dataset = place.dataset(self.recipe.dataset)
        place.run.mkdir(parents=True, exist_ok=True)
        cut_off = self.cut_off if self.resumed else None
        yield from fit(self.recipe, dataset, workspace=place.root, out=place.run, device=place.device, cut_off=cut_off)
