"""Recipes: what a strategy makes of a dataset and a backbone, and how its augmentation looks."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from transfer_core.data.look_alikes import kept_look_alikes, warnings
from transfer_core.errors import RecipeError
from transfer_core.goals import written
from transfer_core.jobs.tasks.draw_augmented import DrawAugmented
from transfer_core.store import Store
from transfer_core.strategies import recipe, recipe_from, repeated, strategy
from transfer_core.strategies.pictures import fit_reason
from transfer_core.types import Backbone, Dataset, Reason, Recipe, digest
from transfer_core.workspace.backbones import Backbones
from transfer_core.workspace.goals import kept_goal
from transfer_core.workspace.jobs import Jobs


class Recipes:
    """All that decides a run, as a frozen value whose `id` is its hash."""

    def __init__(self, store: Store, jobs: Jobs, backbones: Backbones, root: Path) -> None:
        self._store, self._jobs, self._backbones, self._root = store, jobs, backbones, root

    def make(self, dataset: Dataset, strategy: str, backbone_name: str = "", **overrides: Any) -> Recipe:
        """A strategy's defaults for this dataset and backbone, with overrides: `epochs=10, lr=0.001` say.

        `backbone_name`: '' for the default one; a strategy that brings a network along takes that. Settings that a
        strategy does not have are checked and left aside. Raises RecipeError for a name or value that is not allowed,
        DatasetError without training images.
        """
        goal = {"goal": written(kept_goal(self._store, dataset))} | overrides
        return recipe(dataset, strategy, self._network(strategy, backbone_name), **goal)

    def repeated(
        self,
        dataset: Dataset,
        strategy: str,
        backbone_name: str = "",
        *,
        folds: int = 0,
        seeds: int = 1,
        **overrides: Any,
    ) -> tuple[Recipe, ...]:
        """The recipes of `folds`-fold cross-validation, of so many seeds, or of both. Raises as `make` does."""
        network = self._network(strategy, backbone_name)
        goal = {"goal": written(kept_goal(self._store, dataset))} | overrides
        return repeated(dataset, strategy, network, folds=folds, seeds=seeds, **goal)

    def from_json(self, values: Any, dataset: Dataset) -> Recipe:
        """A recipe for this dataset from what its JSON holds, perhaps of another one. Raises RecipeError."""
        name = values.get("backbone") if isinstance(values, dict) else None
        if not isinstance(name, str):
            raise RecipeError('A recipe is a JSON object with a "strategy" and a "backbone", as Graft saves it.')
        return recipe_from(values, dataset, self._network(values.get("strategy"), name))

    def _network(self, strategy_name: Any, backbone_name: str) -> Backbone:
        """The backbone that was chosen, or the strategy's own network."""
        known = strategy_name if isinstance(strategy_name, str) else ""
        return self._backbones.get(strategy(known).network or backbone_name)

    def fit_reason(self, dataset: Dataset) -> Reason | None:
        """How pictures become the network's square by rule, and why; None where they are squares, or nearly."""
        return fit_reason(dataset)

    def augmented(self, dataset: Dataset, recipe: Recipe) -> bytes | None:
        """What a recipe makes of training images, as a PNG: a row each, the whole image on the left, then the network's
        square of it, then, where anything is augmented, what five epochs make of that.

        None until `draw_augmented` has ended.
        """
        file = self._root / self.drawing(dataset, recipe)
        return file.read_bytes() if file.exists() else None

    def draw_augmented(self, dataset: Dataset, recipe: Recipe) -> str:
        """Queue the drawing of what a recipe makes of training images. Returns the job's id."""
        return self._jobs.add(DrawAugmented(recipe=recipe, file=self.drawing(dataset, recipe)))

    def drawing(self, dataset: Dataset, recipe: Recipe) -> str:
        """The file of that picture, under the workspace: another one for whatever changes it."""
        seen = self._backbones.get(recipe.backbone).seeing(recipe.px, recipe.fit)
        shown = [seen.resize_px, seen.input_px, seen.fit, seen.mean, seen.std, asdict(recipe.augmentation)]
        return f"datasets/{dataset.id}/augmented-{digest(shown)}.png"

    def alike_when_turned(self, dataset: Dataset, recipe: Recipe) -> tuple[str, ...]:
        """Warnings of flips and turns in force that make classes alike; none until a drawing or a run has looked."""
        found = kept_look_alikes(self._root / "datasets" / dataset.id) or ()
        return warnings(found, recipe.augmentation, dataset.classes)
