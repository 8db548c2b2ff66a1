"""Unfreeze stage by stage, from the head down."""

from typing import Any

from transfer_core.strategies.definition import TRAINING, Strategy, epochs_for, head_lr
from transfer_core.types import FIRST, HEAD, Backbone, Recipe, Stage

MOST = 4  # unfreezings: networks with more taps free several at once


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {
        "train_from": FIRST,
        "epochs": epochs_for(train_images, steps=500, least=4, most=60),
        "lr": head_lr(backbone),
        "backbone_lr": head_lr(backbone) / 10,
        "depth_decay": 0.8,
        "weight_decay": 1e-2,
        "smoothing": 0.1,
        "augment": "light",
        "patience": 8,
    }


def cuts(backbone: Backbone) -> tuple[str, ...]:
    """Where each stage trains from, late to early; the last one frees all."""
    names = backbone.tap_names[:-1]
    count = min(MOST, len(names) + 1)
    return (*(names[-1 - len(names) * i // count] for i in range(count - 1)), FIRST)


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    """The linear probe's solution as the head; then ever more, the epochs shared out evenly, the rest to the last."""
    borders = cuts(backbone)[-recipe.epochs :]
    each = recipe.epochs // len(borders)
    return (
        Stage(name="head", title="Fit the new head on frozen features", solver="logistic", train_from=HEAD),
        *(
            Stage(
                name=f"free {i}",
                title="Fine-tune everything" if border == FIRST else f"Fine-tune what comes after {border}",
                solver="gradient",
                train_from=border,
                epochs=each if border != FIRST else recipe.epochs - each * (len(borders) - 1),
                lr=recipe.lr,
                backbone_lr=recipe.backbone_lr,
                patience=recipe.patience,
                augment=recipe.augment,
            )
            for i, border in enumerate(borders, start=1)
        ),
    )


GRADUAL = Strategy(
    name="gradual",
    title="Unfreeze step by step",
    scenarios=(),
    frozen="At first all but the head; with each step fewer stages.",
    trains="The head, then the last stage with it, then the one before, until everything trains.",
    when="Few images and a network that forgets quickly: early stages move only after the late ones have settled.",
    source="Howard and Ruder 2018 (ULMFiT)",
    version=1,
    settings=("backbone_lr", "depth_decay", *TRAINING),
    defaults=defaults,
    stages=stages,
)
