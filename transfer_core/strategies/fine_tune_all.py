"""Scenarios 2 and 4: the head first, then the whole network."""

from typing import Any

from transfer_core.strategies.definition import (
    CS231N,
    TRAINING,
    Stage,
    Strategy,
    backbone_lr,
    epochs_for,
    head_lr,
    statistics,
    trained,
)
from transfer_core.types import FIRST, HEAD, Backbone, Recipe

FIRST_STAGE = 0.4  # its learning rate over the last stage's, however many lie between


def fine_tuning_defaults(train_images: int, backbone: Backbone) -> dict[str, Any]:
    """What every strategy that fine-tunes pretrained weights begins from."""
    return {
        "epochs": epochs_for(train_images, steps=500, least=4, most=60),
        "lr": head_lr(backbone),
        "backbone_lr": backbone_lr(backbone),
        "depth_decay": round(FIRST_STAGE ** (1 / max(1, len(backbone.taps) - 1)), 2),
        "batch_norm": statistics(backbone),
        "weight_decay": 1e-2,
        "smoothing": 0.1,  # so that the validation loss does not rise while the accuracy still does
        # The small bundled network loses by more than light augmentation, ImageNet's weights do not
        # (benchmarks/HISTORY.md, Beside fastai's: rates, augmentation, patience).
        "augment": "light" if backbone.name == "bundled" else "standard",
        "patience": 8,
    }


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {"train_from": FIRST} | fine_tuning_defaults(train_images, backbone)


def fine_tuning(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    """The linear probe's solution as the head, so that a random one does not spoil the features; then what is free."""
    border = recipe.train_from or FIRST
    what = "the whole network" if border == FIRST else f"what comes after {backbone.tap(border).place}"
    return (
        Stage(name="head", title="Fit the new head on frozen features", solver="logistic", train_from=HEAD),
        trained(recipe, name="fine-tune", title=f"Fine-tune {what}", train_from=border),
    )


FINE_TUNE_ALL = Strategy(
    name="fine_tune_all",
    title="Fine-tune everything",
    scenarios=(2, 4),
    represents=2,
    weights="moved",
    frozen="Nothing, once the head has been fitted.",
    trains="The head first, then the whole network, slower towards the input.",
    when="Many images, or images unlike ImageNet's with time to compute: every layer adapts, from weights that already"
    " see well.",
    source="CS231n notes, Transfer Learning, scenarios 2 and 4; Kumar et al. 2022 (LP-FT)",
    why="The whole network adapts to your images, from weights that already see well.",
    why_source=CS231N,
    symbol="square",
    slot=4,
    races=True,
    version=3,
    settings=("backbone_lr", "depth_decay", "batch_norm", *TRAINING),
    defaults=defaults,
    stages=fine_tuning,
)
