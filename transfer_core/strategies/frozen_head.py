"""The textbook loop: a new head on a frozen backbone, trained on augmented images."""

from typing import Any

from transfer_core.strategies.definition import CS5720, TRAINING, Stage, Strategy, epochs_for, trained
from transfer_core.types import HEAD, Backbone, Recipe


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {
        "train_from": HEAD,
        "epochs": epochs_for(train_images, steps=500, least=4, most=60),
        "lr": 1e-3,
        "backbone_lr": 1e-3,  # nothing has it
        "optimizer": "adam",
        "augment": "light",
        "patience": 8,
    }


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    title = "Train the new head, the backbone frozen"
    return (trained(recipe, name="head", title=title, train_from=HEAD),)


FROZEN_HEAD = Strategy(
    name="frozen_head",
    title="Frozen backbone, new head",
    scenarios=(),
    weights="kept",
    frozen="The whole backbone, its BatchNorm statistics too.",
    trains="A new head, linear or with a hidden layer, step by step, on images that are altered at random each time."
    " To run it as on CS5720's slide, Adam at 0.001 and nothing else: schedule constant, warm-up 0, augmentation none.",
    when="As most tutorials begin. It sees augmented images, which the linear probe does not, and pays for each of them"
    " with a pass through the backbone.",
    source="CS5720 slides, week 5; Keras guide, Transfer learning and fine-tuning",
    why="Only the head learns, on augmented images: the textbook's feature extraction.",
    why_source=CS5720,
    symbol="triangle-down",
    slot=6,
    version=2,
    settings=("hidden", *TRAINING),
    defaults=defaults,
    stages=stages,
)
