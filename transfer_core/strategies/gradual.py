"""Unfreeze stage by stage, from the head down."""

from transfer_core.strategies.definition import TRAINING, Stage, Strategy, trained
from transfer_core.strategies.fine_tune_all import defaults
from transfer_core.types import FIRST, HEAD, Backbone, Recipe

MOST = 4  # unfreezings: networks with more taps free several at once


def cuts(backbone: Backbone) -> tuple[str, ...]:
    """Where each stage trains from, late to early; the last one frees all."""
    names = backbone.tap_names[:-1]
    count = min(MOST, len(names) + 1)
    return (*(names[-1 - len(names) * i // count] for i in range(count - 1)), FIRST)


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    """The linear probe's solution as the head; then ever more, the epochs shared out evenly, the rest to the last."""
    borders = cuts(backbone)[-recipe.epochs :]
    each = recipe.epochs // len(borders)
    found = [Stage(name="head", title="Fit the new head on frozen features", solver="logistic", train_from=HEAD)]
    for i, border in enumerate(borders, start=1):
        whole = border == FIRST
        title = "Fine-tune everything" if whole else f"Fine-tune what comes after {backbone.tap(border).place}"
        epochs = recipe.epochs - each * (len(borders) - 1) if whole else each
        found.append(trained(recipe, name=f"free {i}", title=title, train_from=border, epochs=epochs))
    return tuple(found)


GRADUAL = Strategy(
    name="gradual",
    title="Unfreeze step by step",
    scenarios=(),
    weights="moved",
    frozen="At first all but the head; with each step fewer stages.",
    trains="The head, then the last stage with it, then the one before, until everything trains.",
    when="Few images and a network that forgets quickly: early stages move only after the late ones have settled.",
    source="Howard and Ruder 2018 (ULMFiT)",
    why="Early layers move only after the late ones have settled.",
    why_source="Howard and Ruder 2018 (ULMFiT)",
    symbol="star",
    slot=7,
    version=2,
    settings=("backbone_lr", "depth_decay", "batch_norm", *TRAINING),
    defaults=defaults,
    stages=stages,
)
