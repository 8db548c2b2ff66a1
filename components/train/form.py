"""What the Train page will launch, kept by the session: strategies, settings that differ from the rules, repeats.

Widgets forget what they hold when another page is shown, and cannot be filled once they are drawn. So the form itself
is kept, and each time it is filled from elsewhere its widgets get new keys, with the form's values to start from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from transfer_core.strategies import STRATEGIES, strategy
from transfer_core.types import SETTINGS, Dataset, Recipe
from transfer_core.workspace import Workspace

FORM = "train_form"
BY_RULE = "by rule"  # what a choice holds while the user has set nothing
FIRST = STRATEGIES[0].name  # ticked at first; its card is always drawn


@dataclass
class Form:
    chosen: list[str] = field(default_factory=lambda: [FIRST])
    settings: dict[str, Any] = field(default_factory=dict)  # recipe fields that the user has set
    folds: int = 0
    seeds: int = 1
    turn: int = 0  # part of every widget's key
    start: dict[str, Any] = field(default_factory=dict)  # what the widgets of this turn begin with

    def key(self, name: str) -> str:
        return f"{name}_{self.turn}"

    def now(self, name: str) -> Any:
        """A setting as it stands in this run of the page, its widget drawn or not; None: by rule."""
        return st.session_state.get(self.key(f"set_{name}"), self.settings.get(name))


def train_form() -> Form:
    """The session's form, its widgets ready to be drawn."""
    form: Form = st.session_state.setdefault(FORM, Form())
    if form.key(f"take_{FIRST}") not in st.session_state:  # the first time, or another page was shown in between
        renew(form)
    return form


def renew(form: Form) -> None:
    """New widgets, which begin with what the form holds."""
    form.turn += 1
    form.start = {"chosen": list(form.chosen), "folds": form.folds, "seeds": form.seeds, **form.settings}


def rest(form: Form) -> None:
    """The settings are folded away: when they are opened again they begin with what the form holds."""
    form.start = {"chosen": form.start["chosen"], "folds": form.folds, "seeds": form.seeds, **form.settings}


def reset(form: Form) -> None:
    """Back to the rules."""
    form.settings, form.folds, form.seeds = {}, 0, 1
    renew(form)


def take_rate(form: Form, rate: float, ratio: float) -> None:
    """Set the head's learning rate, for a callback; the backbone's, where one was set, to `ratio` times it."""
    form.settings["lr"] = rate
    if "backbone_lr" in form.settings:
        form.settings["backbone_lr"] = float(f"{rate * ratio:.3g}")
    renew(form)


def fill(recipe: Recipe, by_rule: Recipe) -> None:
    """Put a recipe into the form: what differs from the defaults by rule counts as set by the user.

    To be called before the page's widgets are drawn, so from a callback.
    """
    form: Form = st.session_state.setdefault(FORM, Form())
    form.chosen, form.folds, form.seeds = [recipe.strategy], recipe.folds, 1
    form.settings = set_by_user(recipe, by_rule)
    renew(form)
    if not strategy(recipe.strategy).network:
        st.session_state["backbone"] = recipe.backbone
    st.session_state["setup"] = True
    st.session_state["show_settings"] = True


def set_by_user(recipe: Recipe, by_rule: Recipe) -> dict[str, Any]:
    """The settings of a recipe that differ from its defaults by rule."""
    return {
        name: value
        for name, setting in SETTINGS.items()
        if setting.group != "repeats"
        and (value := getattr(recipe, name)) is not None
        and value != getattr(by_rule, name)
    }


def fill_from(workspace: Workspace, dataset: Dataset, recipe: Recipe) -> None:
    """`fill`, for a callback."""
    images = {"per_class": recipe.per_class, "folds": recipe.folds, "fold": recipe.fold}  # the rules look at these
    fill(recipe, workspace.recipe(dataset, recipe.strategy, recipe.backbone, **images))
    folds = f", all {recipe.folds} folds" if recipe.folds else ""
    st.session_state["filled"] = workspace.strategy(recipe.strategy).title + folds


def by_rule(workspace: Workspace, dataset: Dataset, form: Form, backbone: str) -> tuple[Recipe, ...]:
    """Each chosen strategy's defaults for as many images, the optimizer and the head's rate that the form says now.

    Raises GraftError.
    """
    said = {name: form.now(name) for name in ("per_class", "lr", "optimizer")}
    set_ = {name: value for name, value in said.items() if value not in (None, BY_RULE)}
    folds = st.session_state.get(form.key("folds"), form.folds)
    set_["folds"] = 0 if folds == 1 else folds
    return tuple(workspace.recipe(dataset, name, backbone, **set_) for name in form.chosen)


def recipes(workspace: Workspace, dataset: Dataset, form: Form, backbone: str) -> tuple[Recipe, ...]:
    """All that a launch would queue. Raises GraftError."""
    found: list[Recipe] = []
    for name in form.chosen:
        own = workspace.strategy(name).settings  # those of others may not suit this backbone: a layer it does not have
        settings = {field: value for field, value in form.settings.items() if field in own}
        found += workspace.repeated(dataset, name, backbone, folds=form.folds, seeds=form.seeds, **settings)
    return tuple(found)


def one_each(made: Sequence[Recipe]) -> tuple[Recipe, ...]:
    """The first recipe of each strategy."""
    return tuple({recipe.strategy: recipe for recipe in reversed(made)}.values())[::-1]
