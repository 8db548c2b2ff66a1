"""What a user may set of a recipe, as the form, the command line, checks, comparisons and the report know it."""

from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from transfer_core.types import SWITCHES, Recipe
from transfer_core.types.settings import Group, Of

NONE = "–"  # stands where a strategy has no such setting


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A field of a recipe that a user may set, as its line in `Recipe` describes it (`types.settings.setting`).

    The form, the command line, the checks, comparisons, titles and the report all read it here.
    """

    name: str
    label: str
    help: str
    group: Group
    of: Of
    kind: type  # int, float, bool or str
    default: Any
    least: float | None
    most: float
    step: float
    choices: tuple[tuple[Any, str], ...]  # values with their words; of a layer the backbone has them
    layer: Literal["", "any", "inner"]
    zero: str
    rank: int
    was: tuple[tuple[Any, Any], ...]
    later: bool

    def __post_init__(self) -> None:
        if self.least is None and not self.choices and not self.layer:
            raise TypeError(f"The setting '{self.name}' says no range: give it the least and the most that it may be.")

    @property
    def flag(self) -> str:
        """Of the command line."""
        return f"--{self.name.replace('_', '-')}"

    def words(self, value: Any) -> str:
        """A value for people; NONE where it is what a strategy without this setting has."""
        if value is None or (self.least is not None and value < self.least):
            return NONE
        if self.zero and not value:
            return self.zero
        told = dict(self.choices).get(value)
        return told or (f"{value:g}" if self.kind is float else str(value))


def _choices(hint: Any, words: dict[str, str]) -> tuple[tuple[Any, str], ...]:
    if hint is bool:
        return ((True, "yes"), (False, "no"))
    values = get_args(hint) if get_origin(hint) is Literal else ()
    return tuple((value, words.get(value, value)) for value in values)


def _described() -> dict[str, Setting]:
    found, hints = {}, get_type_hints(Recipe)
    for each in fields(Recipe):
        if "group" in each.metadata:
            hint, said = hints[each.name], dict(each.metadata)
            choices = _choices(hint, said.pop("words") or {})
            kind = hint if isinstance(hint, type) else str
            found[each.name] = Setting(name=each.name, kind=kind, default=each.default, choices=choices, **said)
    return found


SETTINGS: dict[str, Setting] = _described()  # by name, in the order of the fields
LABELS: dict[str, str] = {each.name: each.metadata["label"] for each in fields(Recipe)}  # of every field
TELLING: tuple[str, ...] = tuple(sorted(SETTINGS, key=lambda name: SETTINGS[name].rank))  # the most telling first


def words_of(recipe: Recipe, name: str) -> str:
    """A setting of a recipe for people; of a switch whether it is on."""
    value = getattr(recipe, name)
    if name in SWITCHES:
        value = "yes" if getattr(recipe.augmentation, name) else "no"
    return SETTINGS[name].words(value)
