"""The strategies as data: a recipe goes in, stages come out. The training loop runs them."""

from dataclasses import fields
from typing import Any

import numpy as np

from transfer_core.errors import DatasetError, RecipeError
from transfer_core.goals import goal_of, written
from transfer_core.strategies.all_layers import ALL_LAYERS
from transfer_core.strategies.definition import Stage, Strategy
from transfer_core.strategies.fine_tune_all import FINE_TUNE_ALL
from transfer_core.strategies.fine_tune_top import FINE_TUNE_TOP
from transfer_core.strategies.from_scratch import FROM_SCRATCH
from transfer_core.strategies.frozen_head import FROZEN_HEAD
from transfer_core.strategies.gradual import GRADUAL
from transfer_core.strategies.linear_probe import LINEAR_PROBE
from transfer_core.strategies.linear_svm import LINEAR_SVM
from transfer_core.strategies.pictures import fit_by_rule
from transfer_core.strategies.settings import SETTINGS, Setting
from transfer_core.strategies.small_cnn import SMALL_CNN
from transfer_core.types import AUTO, JUDGES, TEST, TRAIN, Backbone, Dataset, Recipe
from transfer_core.types.settings import today

__all__ = [
    "OWN_NETWORKS",
    "STRATEGIES",
    "Strategy",
    "recipe",
    "recipe_from",
    "repeated",
    "representative",
    "strategy",
    "until_descent",
]

# In the order in which they are shown. The first of either approach is offered to those who have no run of it.
STRATEGIES: tuple[Strategy, ...] = (
    *(LINEAR_PROBE, LINEAR_SVM, ALL_LAYERS),
    *(FROZEN_HEAD, FINE_TUNE_TOP, FINE_TUNE_ALL, GRADUAL),
    *(FROM_SCRATCH, SMALL_CNN),
)
BY_NAME = {known.name: known for known in STRATEGIES}
LAST = "last"  # the last tap, whatever its name

MOST_SEEDS = 100
SGD_RATE, SGD_DECAY = 10.0, 1e-4  # its rates, times Adam's; its weight decay, which the rate multiplies
OWN_NETWORKS = tuple(sorted({known.network for known in STRATEGIES if known.network}))


def strategy(name: str) -> Strategy:
    """The strategy of that name. Raises RecipeError when there is none."""
    if name not in BY_NAME:
        raise RecipeError(f"There is no strategy '{name}'. Choose one of: {', '.join(BY_NAME)}.")
    return BY_NAME[name]


def representative(scenario: int) -> Strategy:
    """The strategy that stands for one of the four scenarios."""
    return next(known for known in STRATEGIES if known.represents == scenario)


_strategy = strategy  # recipe() has a parameter of that name


def recipe(dataset: Dataset, strategy: str, backbone: Backbone, *, goal: str = "accuracy", **overrides: Any) -> Recipe:
    """A strategy's defaults for this dataset and backbone, with overrides. `goal`: by what the epoch that is kept is
    chosen; a strategy without epochs has none.

    Settings that a strategy does not have (epochs of a linear probe) are checked and left aside, so that one set of
    overrides serves several strategies. Without a `backbone_lr` of its own, it keeps its ratio to `lr`.
    Raises RecipeError for a field or value that is not allowed, or a network that the strategy does not train;
    DatasetError without training images.
    """
    chosen = _strategy(strategy)
    if (chosen.network or backbone.name) != backbone.name or (not chosen.network and backbone.name in OWN_NETWORKS):
        raise RecipeError(f"{chosen.title} does not train the network '{backbone.name}'. Name another backbone.")
    given = {field: _checked(field, value, backbone) for field, value in overrides.items()}
    given = {field: value for field, value in given.items() if field in chosen.settings}
    rules: dict[str, Any] = {"fit": fit_by_rule(dataset)}
    rules |= chosen.defaults(_train_images(dataset, given), len(dataset.classes), backbone)
    if given.get("optimizer") == "sgd" and rules.get("optimizer") != "sgd":
        rules |= {name: rules[name] * SGD_RATE for name in ("lr", "backbone_lr")} | {"weight_decay": SGD_DECAY}
    if "lr" in given:
        given.setdefault("backbone_lr", given["lr"] * rules["backbone_lr"] / rules["lr"])
    made = {"weights": backbone.weights} | rules | given
    counts = written(goal_of(goal, dataset.classes))
    if "epochs" in chosen.settings:
        made["goal"] = counts
    return Recipe(dataset=dataset.id, backbone=backbone.name, strategy=chosen.name, version=chosen.version, **made)


def recipe_from(values: Any, dataset: Dataset, backbone: Backbone) -> Recipe:
    """A recipe from what its JSON holds, for this dataset: what is not said is by rule, what is said is checked.

    Raises RecipeError that names the field at fault.
    """
    if not isinstance(values, dict) or not isinstance(values.get("strategy"), str):
        raise RecipeError('A recipe is a JSON object with a "strategy", as Graft saves it.')
    chosen = strategy(values["strategy"])
    known = {field.name for field in fields(Recipe)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise RecipeError(f"A recipe has no setting '{unknown[0]}'. It has: {', '.join(sorted(known))}.")
    left = {"dataset", "backbone", "weights", "strategy", "version"}  # decided by the dataset and the backbone in hand
    # What the strategy does not have is saved as it rests: epochs 0, or no tap to train from.
    resting = {field.name: field.default for field in fields(Recipe)} | {"train_from": values.get("train_from")}
    left |= {name for name in resting if name not in chosen.settings and values.get(name) == resting[name]}
    given = {name: value for name, value in values.items() if name not in left and value is not None}
    if all(name in values for name, each in SETTINGS.items() if not each.later):  # saved whole, perhaps long ago:
        given = {name: each.default for name, each in SETTINGS.items() if each.later} | given  # what it did then
    return recipe(dataset, chosen.name, backbone, **given)


def repeated(
    dataset: Dataset, strategy: str, backbone: Backbone, *, folds: int = 0, seeds: int = 1, **overrides: Any
) -> tuple[Recipe, ...]:
    """The recipes of k-fold cross-validation, of repeated seeds, or of both: the first seed is that of `overrides`.

    Raises RecipeError and DatasetError as `recipe` does.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise RecipeError(f"seeds is {seeds}; it must be a whole number from 1 to {MOST_SEEDS}.")
    start = _checked("seed", overrides.pop("seed", 0), backbone)
    folds = _checked("folds", folds, backbone)
    return tuple(
        recipe(dataset, strategy, backbone, seed=seed, folds=folds, fold=fold, **overrides)
        for seed in range(start, start + seeds)
        for fold in range(folds or 1)
    )


def until_descent(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    """A recipe's stages up to the first that learns by gradient descent. Raises RecipeError when none does."""
    stages = _strategy(recipe.strategy).stages(recipe, backbone)
    first = next((number for number, stage in enumerate(stages, 1) if stage.solver == "gradient"), None)
    if first is None:
        raise RecipeError(f"'{recipe.strategy}' is solved, not descended: it has no learning rate.")
    return stages[:first]


def _train_images(dataset: Dataset, given: dict[str, Any]) -> int:
    """How many images a recipe with these settings trains on, nearly. Raises RecipeError or DatasetError."""
    folds, fold = given.get("folds", 0), given.get("fold", 0)
    if folds == 1 or fold >= max(folds, 1):
        raise RecipeError(
            f"fold {fold} of {folds} does not exist; cross-validation takes folds from 2, counted from 0."
        )
    groups = len(np.unique(dataset.groups[dataset.splits != TEST]))
    if folds > groups:
        raise RecipeError(
            f"folds is {folds}, but '{dataset.name}' has only {groups} training and validation images that are no"
            f" near-duplicates of each other. Take {groups} folds or fewer."
        )
    labels = dataset.labels[(dataset.splits != TEST) if folds else (dataset.splits == TRAIN)]
    if not len(labels):
        raise DatasetError(f"'{dataset.name}' has no training images, so there is nothing to learn from.")
    counts = np.bincount(labels)
    if folds:
        counts = np.ceil(counts * (folds - 1) / folds * (1 - 1 / JUDGES))
    if given.get("per_class"):
        counts = np.minimum(counts, given["per_class"])
    return int(counts.sum())


def _checked(field: str, value: Any, backbone: Backbone) -> Any:
    if field not in SETTINGS:
        raise RecipeError(f"A recipe has no setting '{field}'. It has: {', '.join(SETTINGS)}.")
    known = SETTINGS[field]
    value = today(known.was, value)
    if field == "px":
        return _side(value, backbone)
    if known.layer:
        return _tap(known, value, backbone)
    if known.choices:
        allowed = [choice for choice, _ in known.choices]
        if not any(value is choice or (isinstance(value, str) and value == choice) for choice in allowed):
            raise RecipeError(f"{field} is '{value}'; choose one of: {', '.join(map(str, allowed))}.")
        return value
    kind, least, most = known.kind, known.least or 0, known.most
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
    if not number or (kind is int and value != int(value)):
        raise RecipeError(
            f"{field} is {value!r}; it must be {'a whole number' if kind is int else 'a number'} "
            f"from {least:g} to {most:g}."
        )
    return kind(value)


def _side(value: Any, backbone: Backbone) -> int:
    """0 for the network's own side, so that it has one spelling."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise RecipeError(f"px is {value!r}; it must be a whole number.")
    try:
        backbone.seeing(value)
    except ValueError as error:
        raise RecipeError(str(error)) from error
    return 0 if value == backbone.input_px else value


def _tap(known: Setting, value: Any, backbone: Backbone) -> str:
    anywhere = known.layer == "any"
    names, words = (backbone.tap_names, (AUTO, LAST)) if anywhere else (backbone.tap_names[:-1], ())
    if anywhere and value == AUTO:
        return AUTO
    if anywhere and value == LAST:
        return names[-1]
    if value not in names:
        raise RecipeError(
            f"{backbone.title} has no tap '{value}' for {known.name}. Choose one of: {', '.join((*words, *names))}."
        )
    return str(value)
