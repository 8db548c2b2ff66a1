"""Scenario 3: a linear SVM on the activations of an earlier layer."""

from typing import Any

from transfer_core.strategies.definition import Strategy, tap_at
from transfer_core.types import HEAD, Backbone, Recipe, Stage

DEPTH = 2 / 3  # past edges and textures, before what is specific to the source's classes


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {"tap": tap_at(backbone, DEPTH), "train_from": HEAD}


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    where = backbone.tap(recipe.tap).title if recipe.tap else "the last features"
    return (Stage(name="svm", title=f"Fit a linear SVM on {where}", solver="svm", tap=recipe.tap),)


LINEAR_SVM = Strategy(
    name="linear_svm",
    title="Linear SVM on an earlier layer",
    scenarios=(3,),
    frozen="The whole backbone, of which only the part up to the chosen tap is used.",
    trains="A linear support vector machine on the activations there.",
    when="Few images that look unlike ImageNet's: the last features are too specific to photos of things; earlier ones"
    " are more general.",
    source="CS231n notes, Transfer Learning, scenario 3",
    version=1,
    settings=("tap", "seed"),
    defaults=defaults,
    stages=stages,
)
