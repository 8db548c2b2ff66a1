"""A learning-rate range test of a recipe."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from transfer_core.jobs.tasks.task import Place, Task
from transfer_core.strategies.settings import SETTINGS
from transfer_core.types import GOING, Event, Recipe, Status, digest

PACED = ("lr", "backbone_lr", "epochs", "patience", "schedule", "warm_up")  # which the test has in its own hands


@dataclass(frozen=True, kw_only=True)
class FindRate(Task):
    kind: ClassVar[str] = "rates"
    reuse: ClassVar[Sequence[Status]] = (*GOING, "done")

    recipe: Recipe

    @property
    def about(self) -> str:
        return self.recipe.dataset

    def key(self, lane: str) -> str:
        """Equal for recipes that a range test does not tell apart."""
        recipe = self.recipe
        ratio = f"{recipe.backbone_lr / recipe.lr:.3g}" if recipe.lr else ""
        resting = {name: SETTINGS[name].default for name in PACED}
        return digest(["rates", ratio, replace(recipe, **resting).hashed()])

    def run(self, place: Place) -> Iterator[Event]:
        from transfer_core.studies.rates import find_rate

        dataset = place.dataset(self.recipe.dataset)
        yield from find_rate(self.recipe, dataset, workspace=place.root, device=place.device)
