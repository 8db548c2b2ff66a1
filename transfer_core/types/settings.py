"""What a user may set of a recipe, as the form, the command line, checks, comparisons and the report know it."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

NONE = "–"  # stands where a strategy has no such setting

Group = Literal["schedule", "regularisation", "images", "augmentation", "repeats"]  # of the form
Of = Literal["every strategy", "gradient descent", "some"]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A field of a recipe that a user may set, as its line in `Recipe` describes it.

    The form, the command line, the checks, comparisons, titles and the report all read it here.
    """

    name: str
    label: str
    help: str  # in sentences
    group: Group
    of: Of  # which strategies have it: all, all that learn by gradient descent, or those that name it
    kind: type  # int, float, bool or str
    default: Any
    least: float | None  # of a number; None: a choice
    most: float
    step: float
    choices: tuple[tuple[Any, str], ...]  # values with their words; of a layer the backbone has them
    layer: Literal["", "any", "inner"]  # a tap's name: any, or any but the last
    zero: str  # what 0 stands for, in words that stand alone
    rank: int  # among what tells runs apart, 1 being the most telling
    was: tuple[tuple[Any, Any], ...]  # (value in recipes that were saved before it had other ones, the same today)
    later: bool  # came when recipes had been saved already: at its default it is no part of their hash

    def __post_init__(self) -> None:
        if self.least is None and not self.choices and not self.layer:
            raise TypeError(f"The setting '{self.name}' says no range: give it the least and the most that it may be.")

    @property
    def flag(self) -> str:
        """Of the command line."""
        return f"--{self.name.replace('_', '-')}"

    def read(self, value: Any) -> Any:
        """A value that may have been saved long ago, as it is today."""
        return next((today for once, today in self.was if value is once), value)

    def once(self, value: Any) -> Any:
        """A value as it was saved at first: that is what is hashed."""
        return next((once for once, today in self.was if value == today), value)

    def words(self, value: Any) -> str:
        """A value for people; NONE where it is what a strategy without this setting has."""
        if value is None or (self.least is not None and value < self.least):
            return NONE
        if self.zero and not value:
            return self.zero
        told = dict(self.choices).get(value)
        return told or (f"{value:g}" if self.kind is float else str(value))


def setting(
    default: Any,
    *,
    label: str,
    help: str,
    group: Group,
    of: Of = "gradient descent",
    least: float | None = None,
    most: float = 0.0,
    step: float = 1.0,
    words: dict[str, str] | None = None,  # of choices; those that are left out speak for themselves
    layer: Literal["", "any", "inner"] = "",
    zero: str = "",
    rank: int = 99,
    was: dict[Any, Any] | None = None,
    later: bool = False,
) -> Any:
    """A field of `Recipe` that a user may set. Its type says whether it is a number, yes or no, or which choices.

    Give one that is added later the default that keeps yesterday's behaviour, and `later=True`: then it enters the
    hash of a recipe, and so its id, only where it is set to something else, and what was trained before is still known.
    A choice whose values had another form in saved recipes says in `was` which is which today: they are read so, and
    hash as they did.
    """
    said = {name: value for name, value in locals().items() if name not in ("default", "words", "was")}
    said["was"] = tuple((was or {}).items())
    return field(default=default, metadata={"setting": said, "words": words or {}})


def _choices(hint: Any, words: dict[str, str]) -> tuple[tuple[Any, str], ...]:
    if hint is bool:
        return ((True, "yes"), (False, "no"))
    values = get_args(hint) if get_origin(hint) is Literal else ()
    return tuple((value, words.get(value, value)) for value in values)


def settings_of(recipe: type) -> dict[str, Setting]:
    """What the fields of a dataclass say, by name and in their order."""
    hints = get_type_hints(recipe)
    return {
        each.name: Setting(
            name=each.name,
            kind=hints[each.name] if isinstance(hints[each.name], type) else str,
            default=each.default,
            choices=_choices(hints[each.name], each.metadata["words"]),
            **each.metadata["setting"],
        )
        for each in fields(recipe)
        if "setting" in each.metadata
    }
