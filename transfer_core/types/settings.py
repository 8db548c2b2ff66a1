"""How a field of a recipe that a user may set is described, on its own line."""

from dataclasses import field
from typing import Any, Literal

Group = Literal["schedule", "regularisation", "images", "augmentation", "repeats"]  # of the form
Of = Literal["every strategy", "gradient descent", "some"]


def setting(
    default: Any,
    *,
    label: str,
    help: str,  # in sentences
    group: Group,
    of: Of = "gradient descent",  # which strategies have it: all, all that learn so, or those that name it
    least: float | None = None,  # of a number; None: a choice
    most: float = 0.0,
    step: float = 1.0,
    words: dict[str, str] | None = None,  # of choices; those that are left out speak for themselves
    layer: Literal["", "any", "inner"] = "",  # a tap's name: any, or any but the last
    zero: str = "",  # what 0 stands for, in words that stand alone
    rank: int = 99,  # among what tells runs apart, 1 being the most telling
    was: tuple[
        tuple[Any, Any], ...
    ] = (),  # (value in recipes that were saved before it had other ones, the same today)
    later: bool = False,  # came when recipes had been saved already: at its default it is no part of their hash
) -> Any:
    """A field of `Recipe` that a user may set. Its type says whether it is a number, yes or no, or which choices.

    Give one that is added later the default that keeps yesterday's behaviour, and `later=True`: then it enters the
    hash of a recipe, and so its id, only where it is set to something else, and what was trained before is still known.
    A choice whose values had another form in saved recipes says in `was` which is which today: they are read so, and
    hash as they did.
    """
    return field(default=default, metadata={name: each for name, each in locals().items() if name != "default"})


def switch(label: str, help: str, **more: Any) -> Any:
    """A change of augmentation that a user may turn on and off by itself."""
    return setting("preset", label=label, help=help, group="augmentation", words={"preset": "as the preset"}, **more)


def today(was: tuple[tuple[Any, Any], ...], value: Any) -> Any:
    """A value that may have been saved long ago, as it is today."""
    return next((now for once, now in was if value is once), value)


def once(was: tuple[tuple[Any, Any], ...], value: Any) -> Any:
    """A value as it was saved at first: that is what is hashed."""
    return next((before for before, now in was if value == now), value)
