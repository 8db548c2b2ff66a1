"""Scenario 3: a linear SVM on the activations of an earlier layer."""

from typing import Any

from transfer_core.strategies.definition import CS231N, REPEATS, Stage, Strategy, tap_title
from transfer_core.types import AUTO, HEAD, Backbone, Recipe


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {"tap": AUTO, "train_from": HEAD}


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    title = f"Fit a linear SVM on {tap_title(recipe, backbone)}"
    return (Stage(name="svm", title=title, solver="svm", tap=recipe.tap),)


LINEAR_SVM = Strategy(
    name="linear_svm",
    title="Linear SVM on an earlier layer",
    scenarios=(3,),
    represents=3,
    weights="kept",
    frozen="The whole backbone, of which only the part up to the chosen layer is used.",
    trains="A linear support vector machine on the activations there. Unless you name a layer, cross-validation on your"
    " training images does.",
    when="Few images that look unlike ImageNet's: the last features are too specific to photos of things; earlier ones"
    " are more general.",
    source="CS231n notes, Transfer Learning, scenario 3; Stack Exchange, adapting a pretrained network (bottleneck"
    " features)",
    why="The top of the network is too specific to photos of things; an earlier layer is more general.",
    why_source=CS231N,
    symbol="diamond",
    slot=2,
    races=True,
    version=2,
    settings=("tap", *REPEATS),
    defaults=defaults,
    stages=stages,
)
