"""Names that tell runs from each other: the strategy, with what differs where that alone is not enough."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from transfer_core.strategies.settings import LABELS, SETTINGS, TELLING
from transfer_core.types import Recipe

# The most telling first; then what is not a setting.
TOLD = ("backbone", *TELLING, *(name for name in LABELS if name not in ("backbone", *TELLING)))

NAMED = 3  # members of an ensemble; of more, the first and how many


def titles(
    recipes: Mapping[str, Recipe], strategies: Mapping[str, str], backbones: Mapping[str, str]
) -> dict[str, str]:
    """A title for each run id, given each strategy's and backbone's own.

    Runs of equal recipes are numbered from the second on.
    """
    found = {}
    for runs in _split(recipes, list(recipes), "strategy"):
        for told, same in _told_apart(recipes, runs, TOLD, backbones):
            for number, run in enumerate(same, 1):
                parts = ", ".join([strategies[recipes[run].strategy], *told])
                found[run] = parts + (f" ({number})" if number > 1 else "")
    return {run: found[run] for run in recipes}


def title_of_ensemble(members: Sequence[str]) -> str:
    """From its members' titles."""
    if len(members) > NAMED:
        return f"{members[0]} + {len(members) - 1} more"
    return " + ".join(members)


def _split(recipes: Mapping[str, Recipe], runs: list[str], name: str) -> list[list[str]]:
    """The runs by their values of one field."""
    parts: dict[object, list[str]] = defaultdict(list)
    for run in runs:
        parts[getattr(recipes[run], name)].append(run)
    return list(parts.values())


def _told_apart(
    recipes: Mapping[str, Recipe], runs: list[str], names: Sequence[str], backbones: Mapping[str, str]
) -> Iterator[tuple[list[str], list[str]]]:
    """(what tells them, runs of equal recipes): the fewest fields, the most telling first."""
    for place, name in enumerate(names):
        parts = _split(recipes, runs, name)
        if len(parts) > 1:
            for part in parts:
                recipe = recipes[part[0]]
                for told, same in _told_apart(recipes, part, names[place + 1 :], backbones):
                    own = backbones.get(recipe.backbone, recipe.backbone)
                    yield [own if name == "backbone" else _told(name, getattr(recipe, name), recipe), *told], same
            return
    yield [], runs


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
