"""What the stages of one run share: the context that it works on, and where it stands."""

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
from transfer_core.expected import head_seconds, learning_share
from transfer_core.strategies import strategy
from transfer_core.strategies.definition import Stage, epochs_a_look
from transfer_core.training.ahead import Leg
from transfer_core.training.images import Images
from transfer_core.training.meter import Meter
from transfer_core.training.rows import chosen_rows
from transfer_core.types import AUTO, TEST, TRAIN, VAL, Backbone, Dataset, Progress, Recipe, Tap, digest

REMEMBERED = 500  # training images whose codes a run keeps


@dataclass(frozen=True, kw_only=True, eq=False)
class Context:
    """What a run works on."""

    recipe: Recipe
    dataset: Dataset  # with the splits that the recipe works on
    backbone: Backbone
    images: Images
    workspace: Path
    device: torch.device

    def feature_file(self, tap: Tap) -> Path:
        """Where the pretrained backbone's features at a tap are kept."""
        known = self.backbone
        seen = [known.weights, known.resize_px, known.input_px, tap.name, tap.module]
        key = digest(seen if known.fit == "crop" else [*seen, known.fit])
        return self.workspace / "features" / f"{self.dataset.id}-{key}.npz"


@dataclass(kw_only=True, eq=False)
class State:
    """Where a run stands; `begin` makes it."""

    context: Context
    module: nn.Module  # the whole network; `network` shares its weights
    network: Network
    meter: Meter
    found: dict[str, Any] = field(default_factory=dict)  # what stages add to the run's result, plain JSON
    lowest: float = math.inf  # the refined validation loss of the network as it stands, the lowest so far
    epochs: int = 0  # of gradient descent, over all stages
    ended_epochs: int = 0  # those of them that have ended
    learned: bool = False  # whether its network is another than it began with
    ease: float = 1.0  # share of the recipe's learning rates; less since it diverged
    parts: int = 1  # that a batch is passed in; more where the memory was full


def begin(context: Context, stages: Sequence[Stage] = (), *, module: nn.Module | None = None) -> State:
    """A run before its first stage, with nothing learned: the recipe's network under a new head, the meter at zero.

    `stages`: whose image passes the meter expects. `module`: a network that was built before, with the weights it has.
    """
    recipe = context.recipe
    if module is None:
        random_init = recipe.weights == "random"
        module = load(context.backbone, random_init=random_init, seed=recipe.seed, root=context.workspace)
        place(module, context.device)
    taps = (recipe.tap,) if recipe.tap and recipe.tap != AUTO else ()
    network, meter = network_at(context, module, taps), _meter(context, stages)
    return State(context=context, module=module, network=network, meter=meter)


def network_at(context: Context, module: nn.Module, taps: Sequence[str]) -> Network:
    """A network up to these taps, the last one where none is named, with a new head on them."""
    head = {"hidden": context.recipe.hidden, "seed": context.recipe.seed}
    network = Network(module, context.backbone, len(context.dataset.classes), taps=taps, **head)
    place(network, context.device)
    return network


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
    recipe: Recipe, dataset: Dataset, backbone: Backbone, *, workspace: Path, device: torch.device
) -> Generator[Progress, None, Context]:
    """Fetch the weights if need be, decode the images once."""
    if recipe.weights != "random" and not available(backbone, workspace):
        yield from fetch(backbone, workspace)
    yield Progress(what="Reading images", done=0, of=len(dataset))
    folder = workspace / "datasets" / dataset.id
    sides = {"resize_px": backbone.resize_px, "crop_px": backbone.input_px}
    squares = yield from pixels(dataset, folder, **sides, fit=backbone.fit)
    return Context(
        recipe=recipe,
        dataset=chosen_rows(dataset, recipe),
        backbone=backbone,
        images=Images(squares, backbone, device),
        workspace=workspace,
        device=device,
    )


def _meter(context: Context, stages: Sequence[Stage]) -> Meter:
    if not stages:
        return Meter(context.device, forward=0)
    train, val, test = (context.dataset.count(split) for split in (TRAIN, VAL, TEST))
    network, classes = context.backbone, len(context.dataset.classes)
    learning = [stage for stage in stages if stage.solver == "gradient"]
    looks = sum(math.ceil(stage.epochs / epochs_a_look(context.recipe, context.dataset)) for stage in learning)
    own = strategy(context.recipe.strategy).weights != "moved" and learning  # codes of its own are remembered
    return Meter(
        context.device,
        forward=looks * val + (val if learning else 0) + test + (min(train, REMEMBERED) if own else 0),
        legs=[Leg(images=stage.epochs * train, share=learning_share(stage, network)) for stage in learning],
        solving=sum(head_seconds(each, train, classes, network) for each in stages if each.solver != "gradient"),
    )
