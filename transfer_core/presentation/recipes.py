"""Where recipes differ, and what all of them share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transfer_core.backbones import backbone_titles
from transfer_core.strategies import STRATEGIES
from transfer_core.strategies.settings import LABELS, NONE, SETTINGS, TELLING, words_of
from transfer_core.types import Run
from transfer_core.words import plain, short

FIELDS = ("dataset", "strategy", "backbone", "weights", *TELLING, "version")  # of a recipe, as they are shown
WEIGHTS = 16  # characters of an identity of weights
BACKBONES = backbone_titles()
OWN = {known.name: known for known in STRATEGIES}


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Of the recipes of some runs, in words. NONE stands where a strategy does not have the field."""

    apart: dict[str, tuple[str, ...]]  # by label what each run has: of fields that differ between runs that have them
    shared: dict[str, str]  # by label, what is the same for all
    some: dict[str, str]  # by label, what is the same for the runs that have the field, which some do not


def differences(runs: Sequence[Run]) -> Differences:
    """An ensemble has no recipe: leave it out."""
    apart: dict[str, tuple[str, ...]] = {}
    shared: dict[str, str] = {}
    some: dict[str, str] = {}
    for name in FIELDS:
        told = tuple(told_of(run, name) for run in runs)
        values = {*told} - {NONE}
        versions = {(run.recipe.strategy, value) for run, value in zip(runs, told, strict=True)}
        if len(values) > 1 and (name != "version" or len(versions) > len({run.recipe.strategy for run in runs})):
            apart[LABELS[name]] = tuple(short(each, WEIGHTS) for each in told) if name == "weights" else told
        elif len(values) == 1:
            (some if NONE in told else shared)[LABELS[name]] = values.pop()
    return Differences(apart=apart, shared=shared, some=some)


def told_of(run: Run, name: str) -> str:
    """A field of a run's recipe in words; NONE where its strategy does not have it."""
    value: Any = getattr(run.recipe, name)
    strategy = OWN.get(run.recipe.strategy)
    if name == "strategy":
        return strategy.title if strategy is not None else plain(value)
    if name == "backbone":
        return BACKBONES.get(value) or plain(value)
    if name in SETTINGS and strategy is not None and name not in strategy.settings:
        return NONE
    if name == "tap":
        return plain(f"{run.tap}, by cross-validation" if value == "auto" and run.tap else str(value or "last"))
    if name == "fold":
        return str(value + 1) if run.recipe.folds else NONE
    return plain(words_of(run.recipe, name) if name in SETTINGS else str(value))
