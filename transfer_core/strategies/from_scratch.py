"""The control: the same network from random weights."""

from typing import Any

from transfer_core.strategies.definition import TRAINING, Strategy, epochs_for, trained
from transfer_core.types import FIRST, Backbone, Recipe, Stage

LR = 3e-3  # of all weights, which are new


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {
        "weights": "random",
        "train_from": FIRST,
        "epochs": epochs_for(train_images, steps=600, least=6, most=80),
        "lr": LR,
        "backbone_lr": LR,
        "weight_decay": 1e-2,
        "smoothing": 0.1,  # so that the validation loss does not rise while the accuracy still does
        "augment": "light",
        "patience": 0,  # a random network's validation loss says little before the learning rate falls
    }


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    title = "Train the whole network from random weights"
    return (trained(recipe, name="scratch", title=title, train_from=FIRST, random_init=True),)


FROM_SCRATCH = Strategy(
    name="from_scratch",
    title="From scratch",
    scenarios=(),
    frozen="Nothing.",
    trains="The whole network, from random weights, faster and for longer.",
    when="As the control that shows what the pretrained weights are worth; in earnest, with many images of a domain for"
    " which no network exists.",
    source="CS231n notes, Transfer Learning, scenario 4; Stack Exchange, adapting a pretrained network",
    version=2,
    settings=TRAINING,
    defaults=defaults,
    stages=stages,
)
