"""Names that tell runs from each other: the strategy, with what differs where that alone is not enough."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields

from transfer_core.types import Recipe

FIRST_TOLD = (
    "backbone",
    "tap",
    "train_from",
    "epochs",
    "lr",
    "augment",
    "per_class",
    "folds",
    "seed",
    "fold",
)  # then any other field


def titles(recipes: Mapping[str, Recipe], strategies: Mapping[str, str]) -> dict[str, str]:
    """A title for each run id, given each strategy's own; runs of equal recipes are told apart by their ids."""
    same: dict[str, list[str]] = defaultdict(list)
    for run, recipe in recipes.items():
        same[recipe.strategy].append(run)
    found = {}
    for strategy, runs in same.items():
        for run in runs:
            others = [recipes[other] for other in runs if other != run]
            parts = [strategies[strategy], *_differences(recipes[run], others)]
            found[run] = ", ".join(parts) + (f" ({run})" if recipes[run] in others else "")
    return {run: found[run] for run in recipes}


def _told(name: str, value: object, recipe: Recipe) -> str:
    """A field in words; folds are counted from 1."""
    if name == "fold" and recipe.folds:
        return f"fold {recipe.fold + 1} of {recipe.folds}"
    if name in ("fold", "folds") and not recipe.folds:
        return "no folds"
    if name == "per_class" and not value:
        return "all images"
    words = name.replace("_", " ")
    return f"{'' if value else 'not '}{words}" if isinstance(value, bool) else f"{words} {value}"


def _differences(recipe: Recipe, others: list[Recipe]) -> list[str]:
    """The fewest fields, the most telling first, whose values no other recipe shares."""
    told = []
    names = [*FIRST_TOLD, *(field.name for field in fields(Recipe) if field.name not in FIRST_TOLD)]
    for name in names:
        value = getattr(recipe, name)
        if any(getattr(other, name) != value for other in others):
            told.append(_told(name, value, recipe))
            others = [other for other in others if getattr(other, name) == value]
    return told
