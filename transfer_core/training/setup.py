"""Everything that the stages of one run share."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import torch

from transfer_core.backbones import available
from transfer_core.backbones import backbone as named_backbone
from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import fetch, load
from transfer_core.data.pixels import pixels
from transfer_core.errors import DatasetError, RecipeError
from transfer_core.strategies import strategy
from transfer_core.training.images import Images
from transfer_core.training.meter import Meter
from transfer_core.types import TEST, TRAIN, VAL, Backbone, Dataset, Ints, Progress, Recipe, Stage, digest


@dataclass(frozen=True, kw_only=True, eq=False)
class Setup:
    """A run, ready to train."""

    recipe: Recipe
    dataset: Dataset
    stages: tuple[Stage, ...]
    network: Network
    images: Images
    meter: Meter
    features: Path  # file of the frozen features
    device: torch.device

    def rows(self, split: int) -> Ints:
        return self.dataset.rows(split)


def plan(recipe: Recipe, dataset: Dataset, workspace: Path) -> tuple[Backbone, tuple[Stage, ...]]:
    """The backbone and the stages that a recipe names. Raises RecipeError or DatasetError when they do not fit."""
    backbone = named_backbone(recipe.backbone, workspace)
    stages = strategy(recipe.strategy).stages(recipe, backbone)
    if recipe.dataset != dataset.id:
        raise RecipeError(f"The recipe is for dataset {recipe.dataset}, not for {dataset.id} ('{dataset.name}').")
    weights = "random" if stages[0].random_init else backbone.weights
    if recipe.weights != weights:
        raise RecipeError(
            f"The recipe was made for the weights {recipe.weights}, but {backbone.title} now starts from {weights}."
            " Make the recipe anew."
        )
    if not dataset.count(TRAIN):
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
    squares = yield from pixels(dataset, folder, resize_px=backbone.resize_px, crop_px=backbone.input_px)
    module = load(backbone, random_init=random_init, seed=recipe.seed, root=workspace)
    network = Network(module, backbone, len(dataset.classes), tap=recipe.tap)
    network.to(device)
    if device.type != "mps":
        network.to(memory_format=torch.channels_last)
    features = workspace / "features" / f"{dataset.id}-{_key(recipe, backbone, network)}.npy"
    return Setup(
        recipe=recipe,
        dataset=dataset,
        stages=stages,
        network=network,
        images=Images(squares, backbone, device),
        meter=_meter(dataset, stages, device, cached=features.exists()),
        features=features,
        device=device,
    )


def _key(recipe: Recipe, backbone: Backbone, network: Network) -> str:
    return digest([recipe.dataset, backbone.weights, backbone.resize_px, backbone.input_px, network.tap.name])


def _meter(dataset: Dataset, stages: tuple[Stage, ...], device: torch.device, *, cached: bool) -> Meter:
    train, val, test = (dataset.count(split) for split in (TRAIN, VAL, TEST))
    epochs = sum(stage.epochs for stage in stages if stage.solver == "gradient")
    frozen = 0 if cached or all(stage.solver == "gradient" for stage in stages) else train + val
    return Meter(device, forward=frozen + epochs * val + val + test, train=epochs * train)
