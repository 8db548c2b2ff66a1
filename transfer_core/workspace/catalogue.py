"""What can be trained: backbones, strategies and their recipes."""

from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from transfer_core.backbones import available, backbone, backbones, damaged, default_backbone
from transfer_core.data.look_alikes import kept_look_alikes, warnings
from transfer_core.errors import RecipeError
from transfer_core.jobs.tasks import task_of
from transfer_core.jobs.tasks.add_backbone import AddBackbone
from transfer_core.jobs.tasks.draw_augmented import DrawAugmented
from transfer_core.jobs.tasks.speed import Speed
from transfer_core.strategies import STRATEGIES, Strategy, recipe, recipe_from, repeated, strategy
from transfer_core.types import Backbone, Dataset, Job, Pace, Recipe, digest
from transfer_core.workspace.opened import Opened, new_id, title


class Catalogue(Opened):
    """Backbones and strategies, and the recipes that they make for a dataset."""

    def backbones(self) -> tuple[Backbone, ...]:
        """The catalogue, the default first, then the user's own."""
        return backbones(self.root)

    def backbone(self, name: str = "") -> Backbone:
        """The one of that name; without a name the default. Raises RecipeError."""
        return backbone(name or default_backbone(), self.root)

    def available(self, backbone: Backbone) -> bool:
        """Whether its weights are on this machine."""
        return available(backbone, self.root)

    def damaged_backbones(self) -> tuple[str, ...]:
        """A sentence for each of the user's own that cannot be read."""
        return damaged(self.root)

    def keep_backbone(self, file: Path, *, arch: str, name: str) -> Backbone:
        """Check a user's own weights and keep them, in this process. Raises WeightsError, or RecipeError for a name."""
        from transfer_core.backbones.local import add_local

        return add_local(self.root, file, arch=arch, name=name)

    def add_backbone(self, file: IO[bytes], file_name: str, *, arch: str, name: str) -> str:
        """Copy a user's own weights to staging and queue their check. Returns the job's id; its result holds "name"."""
        id = new_id()
        stem, _, ending = file_name.rpartition(".")
        source = self._kept(id, file, f"{title(stem)}.{title(ending.lower())}")
        return self._queue(AddBackbone(file=str(source), arch=arch, name=name), id=id)

    def measure_speed(self, backbone_name: str, device: str = "auto") -> str:
        """Queue the timing of a backbone behind what its device has to do. Returns the job's id, a waiting one's too.

        Raises RecipeError for a backbone that Graft does not know or a device that this machine does not have.
        """
        self._check_device(device)
        return self._queue(Speed(backbone=self.backbone(backbone_name).name), device=device)

    def measurement(self, backbone_name: str, device: str = "auto") -> Job | None:
        """The newest timing of a backbone on a device, however it stands; None when none was asked for."""
        asked = [job for job in self._store.jobs(kind="speed") if job.lane == self._lane(device)]
        return next((job for job in asked if task_of(job) == Speed(backbone=backbone_name)), None)

    def speed(self, backbone: Backbone, device: str = "auto") -> float | None:
        """Images per second of a backbone's features on a device, as measured once; None until then."""
        return self.speeds(device).get((backbone.arch, backbone.input_px))

    def pace(self, backbone: Backbone, device: str = "auto") -> Pace | None:
        """How fast a backbone computes features and learns on a device, as timed once; None until then."""
        found = self._timed(device).get((backbone.arch, backbone.input_px), {})
        if "trained_per_second" not in found:  # an earlier Graft timed features alone
            return None
        return Pace(features=found["images_per_second"], training=found["trained_per_second"])

    def speeds(self, device: str = "auto") -> dict[tuple[str, int], float]:
        """Images per second measured on a device, by architecture and input side in px.

        Empty for a device that is not here, and until the first worker has said which are.
        """
        return {key: result["images_per_second"] for key, result in self._timed(device).items()}

    def _timed(self, device: str) -> dict[tuple[str, int], dict[str, Any]]:
        """Results of timings on a device, the newest of each architecture and input side."""
        found = [known.title for known in self.devices() if device in ("auto", known.name)]
        results = [job.result for job in self._store.jobs(kind="speed") if job.status == "done"]
        return {
            (result["arch"], result["input_px"]): result
            for result in reversed(results)  # the newest last
            if result["device"] in found[:1]
        }

    @staticmethod
    def strategies() -> tuple[Strategy, ...]:
        return STRATEGIES

    def strategy(self, name: str) -> Strategy:
        """Raises RecipeError."""
        return strategy(name)

    def recipe(self, dataset: Dataset, strategy: str, backbone_name: str = "", **overrides: Any) -> Recipe:
        """A strategy's defaults for this dataset and backbone, with overrides. Raises RecipeError."""
        return recipe(dataset, strategy, self._network(strategy, backbone_name), **overrides)

    def _network(self, strategy_name: Any, backbone_name: str) -> Backbone:
        """The backbone that was chosen, or the strategy's own network."""
        known = strategy_name if isinstance(strategy_name, str) else ""
        return self.backbone(strategy(known).network or backbone_name)

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
        """The recipes of `folds`-fold cross-validation, of so many seeds, or of both. Raises RecipeError."""
        network = self._network(strategy, backbone_name)
        return repeated(dataset, strategy, network, folds=folds, seeds=seeds, **overrides)

    def recipe_from(self, values: Any, dataset: Dataset) -> Recipe:
        """A recipe for this dataset from what its JSON holds, perhaps of another one. Raises RecipeError."""
        name = values.get("backbone") if isinstance(values, dict) else None
        if not isinstance(name, str):
            raise RecipeError('A recipe is a JSON object with a "strategy" and a "backbone", as Graft saves it.')
        return recipe_from(values, dataset, self._network(values.get("strategy"), name))

    def augmented(self, dataset: Dataset, recipe: Recipe) -> bytes | None:
        """What a recipe makes of training images, as a PNG: a row each, the whole image on the left, then the network's
        square of it, then, where anything is augmented, what five epochs make of that.

        None until `draw_augmented` has ended.
        """
        file = self.root / self.drawing(dataset, recipe)
        return file.read_bytes() if file.exists() else None

    def draw_augmented(self, dataset: Dataset, recipe: Recipe) -> str:
        """Queue the drawing of what a recipe makes of training images. Returns the job's id."""
        return self._queue(DrawAugmented(recipe=recipe, file=self.drawing(dataset, recipe)))

    def alike_when_turned(self, dataset: Dataset, recipe: Recipe) -> tuple[str, ...]:
        """Warnings of flips and turns in force that make classes alike; none until a drawing or a run has looked."""
        found = kept_look_alikes(self.root / "datasets" / dataset.id) or ()
        return warnings(found, recipe.augmentation, dataset.classes)

    def drawing(self, dataset: Dataset, recipe: Recipe) -> str:
        """The file of that picture, under the workspace: another one for whatever changes it."""
        seen = self.backbone(recipe.backbone).seeing(recipe.px, recipe.fit)
        shown = [seen.resize_px, seen.input_px, seen.fit, seen.mean, seen.std, asdict(recipe.augmentation)]
        return f"datasets/{dataset.id}/augmented-{digest(shown)}.png"
