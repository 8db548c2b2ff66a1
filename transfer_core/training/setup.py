"""Everything that the stages of one run share."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from transfer_core.backbones import available
from transfer_core.backbones import backbone as named_backbone
from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import fetch, load
from transfer_core.data.pixels import pixels
from transfer_core.errors import DatasetError, RecipeError
from transfer_core.strategies import strategy
from transfer_core.strategies.definition import epochs_a_look
from transfer_core.training.images import Images
from transfer_core.training.meter import Meter
from transfer_core.training.rows import chosen_rows
from transfer_core.types import AUTO, TEST, TRAIN, VAL, Backbone, Dataset, Ints, Progress, Recipe, Stage, Tap, digest


@dataclass(kw_only=True, eq=False)
class Setup:
    """A run, ready to train."""

    recipe: Recipe
    dataset: Dataset  # with the splits that the recipe works on
    backbone: Backbone
    module: nn.Module  # the whole network; `network` shares its weights
    network: Network
    images: Images
    meter: Meter
    workspace: Path
    device: torch.device
    found: dict[str, Any] = field(default_factory=dict)  # what stages add to the run's result, plain JSON
    lowest: float = math.inf  # the refined validation loss of the network as it stands, the lowest so far
    epochs: int = 0  # of gradient descent, over all stages
    ended_epochs: int = 0  # those of them that have ended
    learned: bool = False  # whether its network is another than it began with
    warm_up: float | None = None  # steps of a gradient stage; None: by how many it has
    saved: float = 0.0  # seconds that features and heads kept from before have saved this run
    looked: bool = False  # whether it has asked for kept features yet

    def rows(self, split: int) -> Ints:
        return self.dataset.rows(split)

    def cut(self, taps: Sequence[Tap]) -> None:
        """A new network, with a new head on these taps."""
        names = [tap.name for tap in taps]
        self.network = Network(self.module, self.backbone, len(self.dataset.classes), taps=names, **head(self.recipe))
        place(self.network, self.device)

    def feature_file(self, tap: Tap) -> Path:
        """Where the pretrained backbone's features at a tap are kept."""
        known = self.backbone
        seen = [known.weights, known.resize_px, known.input_px, tap.name, tap.module]
        key = digest(seen if known.fit == "crop" else [*seen, known.fit])
        return self.workspace / "features" / f"{self.dataset.id}-{key}.npz"


def head(recipe: Recipe) -> dict[str, int]:
    """What a recipe says of a network's head."""
    return {"hidden": recipe.hidden, "seed": recipe.seed}


def place(module: nn.Module, device: torch.device) -> None:
    """Move a network to the device, in the order of memory that is fastest there."""
    module.to(device)
    if device.type != "mps":
        module.to(memory_format=torch.channels_last)


def plan(recipe: Recipe, dataset: Dataset, workspace: Path) -> tuple[Backbone, tuple[Stage, ...]]:
    """The backbone, as it is shown the images, and the stages that a recipe names.

    Raises RecipeError or DatasetError when they do not fit.
    """
    try:
        backbone = named_backbone(recipe.backbone, workspace).seeing(recipe.px, recipe.fit)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    stages = strategy(recipe.strategy).stages(recipe, backbone)
    if recipe.dataset != dataset.id:
        raise RecipeError(f"The recipe is for dataset {recipe.dataset}, not for {dataset.id} ('{dataset.name}').")
    weights = "random" if stages[0].random_init else backbone.weights
    if recipe.weights != weights:
        raise RecipeError(
            f"The recipe was made for the weights {recipe.weights}, but {backbone.title} now starts from {weights}."
            " Make the recipe anew."
        )
    if not chosen_rows(dataset, recipe).count(TRAIN):
        raise DatasetError(f"'{dataset.name}' has no training images, so there is nothing to learn from.")
    return backbone, stages


def prepare(
    recipe: Recipe,
    dataset: Dataset,
    backbone: Backbone,
    stages: tuple[Stage, ...],
    *,
    workspace: Path,
    device: torch.device,
) -> Generator[Progress, None, Setup]:
    """Fetch the weights if need be, decode the images once, build the network."""
    random_init = stages[0].random_init
    if not random_init and not available(backbone, workspace):
        yield from fetch(backbone, workspace)
    yield Progress(what="Reading images", done=0, of=len(dataset))
    folder = workspace / "datasets" / dataset.id
    sides = {"resize_px": backbone.resize_px, "crop_px": backbone.input_px}
    squares = yield from pixels(dataset, folder, **sides, fit=backbone.fit)
    module = load(backbone, random_init=random_init, seed=recipe.seed, root=workspace)
    place(module, device)
    taps = (recipe.tap,) if recipe.tap and recipe.tap != AUTO else ()
    network = Network(module, backbone, len(dataset.classes), taps=taps, **head(recipe))
    place(network, device)  # its head
    used = chosen_rows(dataset, recipe)
    return Setup(
        recipe=recipe,
        dataset=used,
        backbone=backbone,
        module=module,
        network=network,
        images=Images(squares, backbone, device),
        meter=_meter(recipe, used, stages, device),
        workspace=workspace,
        device=device,
    )


def _meter(recipe: Recipe, dataset: Dataset, stages: tuple[Stage, ...], device: torch.device) -> Meter:
    train, val, test = (dataset.count(split) for split in (TRAIN, VAL, TEST))
    epochs = [stage.epochs for stage in stages if stage.solver == "gradient"]
    looks = sum(math.ceil(each / epochs_a_look(recipe, dataset)) for each in epochs)
    return Meter(device, forward=looks * val + val + test, train=sum(epochs) * train)
