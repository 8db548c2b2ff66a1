"""Scenario 1: a linear classifier on the CNN codes of a frozen backbone."""

from typing import Any

from transfer_core.strategies.definition import CS231N, REPEATS, Stage, Strategy, tap_title
from transfer_core.types import HEAD, Backbone, Recipe


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {"tap": backbone.taps[-1].name, "train_from": HEAD}


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    title = f"Fit a linear classifier on {tap_title(recipe, backbone)}"
    return (Stage(name="probe", title=title, solver="logistic", tap=recipe.tap),)


LINEAR_PROBE = Strategy(
    name="linear_probe",
    title="Linear probe",
    scenarios=(1,),
    represents=1,
    weights="kept",
    frozen="The whole backbone.",
    trains="A linear classifier (logistic regression) on the CNN codes, the backbone's last features.",
    when="Few images that look like ImageNet's: the last features already fit, and with nothing below the classifier"
    " changing, few images cannot overfit the network. It takes seconds.",
    source="CS231n notes, Transfer Learning, scenario 1",
    why="Nothing in the network changes, so few images cannot overfit it, and it takes seconds.",
    why_source=CS231N,
    symbol="circle",
    slot=0,
    races=True,
    version=2,
    settings=("tap", *REPEATS),
    defaults=defaults,
    stages=stages,
)
