"""Recipes: defaults that hold together, overrides that are checked; and the stages they become."""

from typing import Any

import numpy as np
import pytest

from transfer_core.backbones import BACKBONES
from transfer_core.errors import DatasetError, RecipeError
from transfer_core.strategies import STRATEGIES, Strategy, recipe, strategy
from transfer_core.types import FIRST, HEAD, Backbone, Dataset

each_strategy = pytest.mark.parametrize("chosen", STRATEGIES, ids=lambda chosen: chosen.name)
each_backbone = pytest.mark.parametrize("backbone", BACKBONES, ids=lambda backbone: backbone.name)


def dataset(train: int = 100) -> Dataset:
    rows = np.arange(train + 20)
    names = tuple(f"{i}.png" for i in rows)
    return Dataset(
        id="d",
        name="birds",
        classes=("a", "b"),
        paths=names,
        files=names,
        labels=rows % 2,
        splits=np.where(rows < train, 0, 1 + rows % 2),
        groups=rows,
        widths=rows,
        heights=rows,
    )


@each_strategy
@each_backbone
def test_defaults_become_stages(chosen: Strategy, backbone: Backbone) -> None:
    made = recipe(dataset(), chosen.name, backbone)
    assert made.id == recipe(dataset(), chosen.name, backbone).id
    assert made.weights == ("random" if chosen.name == "from_scratch" else backbone.weights)
    stages = chosen.stages(made, backbone)
    assert len({stage.name for stage in stages}) == len(stages)
    for stage in stages:
        assert stage.cacheable == (stage.solver != "gradient")
        assert stage.train_from in (FIRST, HEAD, *backbone.tap_names[:-1])
        if stage.solver == "gradient":
            assert stage.epochs >= 1
            assert 0 < stage.backbone_lr <= stage.lr


@each_strategy
def test_words_are_sentences_for_people(chosen: Strategy) -> None:
    assert chosen.title
    assert chosen.source
    for text in (chosen.frozen, chosen.trains, chosen.when):
        assert text[0].isupper()
        assert text.endswith(".")


@pytest.mark.parametrize("name", ["fine_tune_top", "fine_tune_all"])
def test_pretrained_weights_learn_ten_times_slower_whatever_the_rate(name: str) -> None:
    for overrides in ({}, {"lr": 0.02}):
        made = recipe(dataset(), name, BACKBONES[0], **overrides)
        assert made.backbone_lr == pytest.approx(made.lr / 10)
    assert recipe(dataset(), name, BACKBONES[0], lr=0.02, backbone_lr=0.01).backbone_lr == 0.01


def test_epochs_follow_the_dataset() -> None:
    epochs = [recipe(dataset(n), "fine_tune_all", BACKBONES[0]).epochs for n in (20, 700, 3_000, 80_000)]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > epochs[1] > epochs[2] >= epochs[3] >= 1


def test_settings_of_another_strategy_are_left_aside() -> None:
    plain = recipe(dataset(), "linear_probe", BACKBONES[0])
    assert recipe(dataset(), "linear_probe", BACKBONES[0], epochs=5, lr=0.1, augment="standard") == plain
    assert recipe(dataset(), "linear_probe", BACKBONES[0], seed=1).id != plain.id


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number from 1 to 1000"),
        ({"epochs": 2.5}, "epochs is 2.5"),
        ({"epochs": True}, "epochs is True"),
        ({"epochs": "many"}, "epochs is 'many'"),
        ({"batch_size": 5000}, "batch_size is 5000; it must be a whole number from 1 to 4096"),
        ({"lr": 0.0}, "lr is 0.0; it must be a number from 1e-08 to 10"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"seed": -1}, "seed is -1"),
        ({"augment": "wild"}, "augment is 'wild'; choose one of: none, light, standard"),
        ({"tap": "stage9"}, "no tap 'stage9' for tap. Choose one of: stem, stage1"),
        ({"train_from": BACKBONES[0].taps[-1].name}, "for train_from"),
        ({"dropout": 0.5}, "no setting 'dropout'"),
    ],
    ids=str,
)
def test_a_wrong_value_is_named_with_what_is_allowed(overrides: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe(dataset(), "fine_tune_top", BACKBONES[0], **overrides)
    assert words in str(caught.value)


def test_unknown_strategies_and_empty_datasets_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"no strategy 'magic'\. Choose one of: linear_probe, "):
        strategy("magic")
    with pytest.raises(DatasetError, match="'birds' has no training images"):
        recipe(dataset(0), "linear_probe", BACKBONES[0])
