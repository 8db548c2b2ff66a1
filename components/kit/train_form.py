"""What the Train page will launch, kept by the session: strategies, settings that differ from the rules, repeats.

Widgets forget what they hold when another page is shown, and cannot be filled once they are drawn. So the form itself
is kept, and each time it is filled from elsewhere its widgets get new keys, with the form's values to start from.
"""

from collections.abc import Sequence
from typing import Any

from components import state
from components.state import Form
from transfer_core.types import Dataset, Recipe
from transfer_core.workspace import SETTINGS, Workspace

BY_RULE = "by rule"  # what a choice holds while the user has set nothing


def train_form(workspace: Workspace, recommended: str) -> Form:
    """The session's form, its widgets ready to be drawn. While nobody has changed it, the recommended strategy alone is
    ticked, whatever that is by now."""
    form = state.form.begin(Form(chosen=[recommended], proposed=recommended))
    drawn = state.widget(form.key(f"take_{workspace.strategies.list()[0].name}")).known
    if form.chosen == [form.proposed] and recommended != form.proposed and not form.settings:
        form.chosen, form.proposed, drawn = [recommended], recommended, False
    if not drawn:  # the first time, or another page was shown in between
        renew(form)
    return form


def renew(form: Form) -> None:
    """New widgets, which begin with what the form holds."""
    form.turn = state.form_turn.get() + 1
    state.form_turn.set(form.turn)
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
    """Put a recipe into the form: what differs from the defaults by rule counts as set by the user.

    To be called before the page's widgets are drawn, so from a callback.
    """
    images = {"per_class": recipe.per_class, "folds": recipe.folds, "fold": recipe.fold}  # the rules look at these
    rules = workspace.recipes.make(dataset, recipe.strategy, recipe.backbone, **images)
    form = state.form.begin(Form(chosen=[]))
    form.chosen, form.folds, form.seeds = [recipe.strategy], recipe.folds, 1
    form.settings, form.proposed = set_by_user(recipe, rules), ""
    renew(form)
    strategy = workspace.strategies.get(recipe.strategy)
    if not strategy.network:
        state.backbone.set(recipe.backbone)
    state.setup.of(dataset.id).set(True)
    state.show_settings.set(True)
    state.filled.set(strategy.title + (f", all {recipe.folds} folds" if recipe.folds else ""))


def by_rule(workspace: Workspace, dataset: Dataset, form: Form, backbone: str) -> tuple[Recipe, ...]:
    """Each chosen strategy's defaults for as many images, the optimizer and the head's rate that the form says now.

    Raises GraftError.
    """
    said = {name: form.now(name) for name in ("per_class", "lr", "optimizer")}
    set_ = {name: value for name, value in said.items() if value not in (None, BY_RULE)}
    drawn = state.widget(form.key("folds"))
    folds = drawn.get() if drawn.known else form.folds
    set_["folds"] = 0 if folds == 1 else folds
    return tuple(workspace.recipes.make(dataset, name, backbone, **set_) for name in form.chosen)


def recipes(workspace: Workspace, dataset: Dataset, form: Form, backbone: str) -> tuple[Recipe, ...]:
    """All that a launch would queue. Raises GraftError."""
    found: list[Recipe] = []
    for name in form.chosen:
        own = workspace.strategies.get(name).settings  # others' may not suit the backbone: a layer it does not have
        settings = {field: value for field, value in form.settings.items() if field in own}
        found += workspace.recipes.repeated(dataset, name, backbone, folds=form.folds, seeds=form.seeds, **settings)
    return tuple(found)


def one_each(made: Sequence[Recipe]) -> tuple[Recipe, ...]:
    """The first recipe of each strategy."""
    return tuple({recipe.strategy: recipe for recipe in reversed(made)}.values())[::-1]
