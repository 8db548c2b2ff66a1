"""Names that tell runs from each other: the strategy, with what differs where that alone is not enough."""

from collections import defaultdict
from collections.abc import Mapping

from transfer_core.types import LABELS, SETTINGS, TELLING, Recipe

# The most telling first; then what is not a setting.
TOLD = ("backbone", *TELLING, *(name for name in LABELS if name not in ("backbone", *TELLING)))


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
    if name == "fold":
        return f"fold {recipe.fold + 1} of {recipe.folds}" if recipe.folds else "no folds"
    known, words = SETTINGS.get(name), name.replace("_", " ")
    if known is None:
        return f"{words} {value}"
    if known.zero and not value:
        return known.zero
    if known.kind is bool:
        return f"{'' if value else 'not '}{words}"
    return f"{words} {value if known.kind is float else known.words(value)}"  # every digit, since it tells runs apart


def _differences(recipe: Recipe, others: list[Recipe]) -> list[str]:
    """The fewest fields, the most telling first, whose values no other recipe shares."""
    told = []
    for name in TOLD:
        value = getattr(recipe, name)
        if any(getattr(other, name) != value for other in others):
            told.append(_told(name, value, recipe))
            others = [other for other in others if getattr(other, name) == value]
    return told
