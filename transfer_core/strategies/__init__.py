"""The strategies as data: a recipe goes in, stages come out. The training loop runs them."""

from typing import Any, get_args, get_type_hints

from transfer_core.errors import DatasetError, RecipeError
from transfer_core.strategies.definition import Strategy
from transfer_core.strategies.fine_tune_all import FINE_TUNE_ALL
from transfer_core.strategies.fine_tune_top import FINE_TUNE_TOP
from transfer_core.strategies.from_scratch import FROM_SCRATCH
from transfer_core.strategies.frozen_head import FROZEN_HEAD
from transfer_core.strategies.gradual import GRADUAL
from transfer_core.strategies.linear_probe import LINEAR_PROBE
from transfer_core.strategies.linear_svm import LINEAR_SVM
from transfer_core.types import TRAIN, Backbone, Dataset, Recipe

__all__ = ["STRATEGIES", "Strategy", "recipe", "strategy"]

STRATEGIES: tuple[Strategy, ...] = (
    *(LINEAR_PROBE, LINEAR_SVM),
    *(FROZEN_HEAD, FINE_TUNE_TOP, FINE_TUNE_ALL, GRADUAL),
    *(FROM_SCRATCH,),
)
BY_NAME = {known.name: known for known in STRATEGIES}

RANGES: dict[str, tuple[type, float, float]] = {  # field: type, least, most
    "epochs": (int, 1, 1000),
    "batch_size": (int, 1, 4096),
    "lr": (float, 1e-8, 10),
    "backbone_lr": (float, 1e-8, 10),
    "weight_decay": (float, 0, 1),
    "depth_decay": (float, 0.01, 1),
    "smoothing": (float, 0, 0.9),
    "dropout": (float, 0, 0.95),
    "clip": (float, 0, 1000),
    "patience": (int, 0, 1000),
    "seed": (int, 0, 2**32 - 1),
}
CHOICES: dict[str, tuple[Any, ...]] = {  # field: what it may be
    "augment": get_args(get_type_hints(Recipe)["augment"]),
    "optimizer": get_args(get_type_hints(Recipe)["optimizer"]),
    "balanced": (False, True),
    "flip": (False, True),
}


def strategy(name: str) -> Strategy:
    """The strategy of that name. Raises RecipeError when there is none."""
    if name not in BY_NAME:
        raise RecipeError(f"There is no strategy '{name}'. Choose one of: {', '.join(BY_NAME)}.")
    return BY_NAME[name]


_strategy = strategy  # recipe() has a parameter of that name


def recipe(dataset: Dataset, strategy: str, backbone: Backbone, **overrides: Any) -> Recipe:
    """A strategy's defaults for this dataset and backbone, with overrides.

    Settings that a strategy does not have (epochs of a linear probe) are checked and left aside, so that one set of
    overrides serves several strategies. Without a `backbone_lr` of its own, it keeps its ratio to `lr`.
    Raises RecipeError for a field or value that is not allowed, DatasetError without training images.
    """
    chosen = _strategy(strategy)
    if not dataset.count(TRAIN):
        raise DatasetError(f"'{dataset.name}' has no training images, so there is nothing to learn from.")
    fields = chosen.defaults(dataset.count(TRAIN), len(dataset.classes), backbone)
    given = {field: _checked(field, value, backbone) for field, value in overrides.items()}
    given = {field: value for field, value in given.items() if field in chosen.settings}
    if "lr" in given:
        given.setdefault("backbone_lr", given["lr"] * fields["backbone_lr"] / fields["lr"])
    fields = {"weights": backbone.weights} | fields | given
    return Recipe(dataset=dataset.id, backbone=backbone.name, strategy=chosen.name, version=chosen.version, **fields)


def _checked(field: str, value: Any, backbone: Backbone) -> Any:
    if field in ("tap", "train_from"):
        return _tap(field, value, backbone)
    if field in CHOICES:
        if value not in CHOICES[field]:
            raise RecipeError(f"{field} is '{value}'; choose one of: {', '.join(map(str, CHOICES[field]))}.")
        return value
    if field not in RANGES:
        known = ", ".join([*RANGES, *CHOICES, "tap", "train_from"])
        raise RecipeError(f"A recipe has no setting '{field}'. It has: {known}.")
    kind, least, most = RANGES[field]
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most
    if not number or (kind is int and value != int(value)):
        raise RecipeError(
            f"{field} is {value!r}; it must be {'a whole number' if kind is int else 'a number'} "
            f"from {least:g} to {most:g}."
        )
    return kind(value)


def _tap(field: str, value: Any, backbone: Backbone) -> str:
    names = backbone.tap_names if field == "tap" else backbone.tap_names[:-1]
    if value not in names:
        raise RecipeError(f"{backbone.title} has no tap '{value}' for {field}. Choose one of: {', '.join(names)}.")
    return str(value)
