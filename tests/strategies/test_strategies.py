"""Recipes: defaults that hold together, overrides that are checked; and the stages they become."""

import json
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pytest
import torch

from transfer_core.backbones import BACKBONES
from transfer_core.backbones import backbone as named_backbone
from transfer_core.backbones.torchvision import build
from transfer_core.errors import DatasetError, RecipeError
from transfer_core.strategies import STRATEGIES, Strategy, recipe, recipe_from, repeated, strategy
from transfer_core.strategies.settings import SETTINGS
from transfer_core.types import FIRST, HEAD, Backbone, Dataset, Recipe

each_strategy = pytest.mark.parametrize("chosen", STRATEGIES, ids=lambda chosen: chosen.name)


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
def test_defaults_become_stages(chosen: Strategy) -> None:
    wrong = {}
    for backbone in [named_backbone(chosen.network)] if chosen.network else BACKBONES:
        try:
            check_defaults(chosen, backbone)
        except AssertionError as error:
            wrong[backbone.name] = str(error)
    assert not wrong


def check_defaults(chosen: Strategy, backbone: Backbone) -> None:
    made = recipe(dataset(), chosen.name, backbone)
    assert made.id == recipe(dataset(), chosen.name, backbone).id
    scratch = chosen.name in ("from_scratch", "small_cnn")
    assert made.weights == ("random" if scratch else backbone.weights)
    assert made.backbone == backbone.name
    stages = chosen.stages(made, backbone)
    assert stages[0].random_init == scratch
    assert len({stage.name for stage in stages}) == len(stages)
    for stage in stages:
        assert stage.train_from in (FIRST, HEAD, *backbone.tap_names[:-1])
        if stage.solver == "gradient":
            assert stage.epochs >= 1
            assert stage.random_init or stage.train_from != FIRST or len(stages) > 1, "the head first"
            assert 0 < stage.backbone_lr <= stage.lr
        else:
            assert stage.train_from == HEAD


def test_random_weights_without_batch_norm_learn_at_a_lower_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a family has BatchNorm is a list; the networks themselves say whether it is right."""
    for name in ("kaiming_normal_", "kaiming_uniform_", "normal_", "trunc_normal_", "uniform_", "xavier_uniform_"):
        monkeypatch.setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)  # slow, and of no account here
    smallest: dict[tuple[str, bool], Backbone] = {}
    for backbone in sorted(BACKBONES, key=lambda each: each.parameters):
        smallest.setdefault((backbone.family, backbone.arch.endswith("_bn")), backbone)
    for backbone in smallest.values():
        modules = list(build(backbone.arch).modules())
        normed = any(isinstance(module, torch.nn.BatchNorm2d) for module in modules)
        layer_norm = any(isinstance(module, torch.nn.LayerNorm) for module in modules)
        made = recipe(dataset(), "from_scratch", backbone)
        assert made.lr == made.backbone_lr == (3e-3 if normed and not layer_norm else 3e-4), backbone.name


def test_words_are_sentences_for_people() -> None:
    for chosen in STRATEGIES:
        assert chosen.title, chosen.name
        assert chosen.source, chosen.name
        for text in (chosen.frozen, chosen.trains, chosen.when):
            assert text[0].isupper(), f"{chosen.name}: {text}"
            assert text.endswith("."), f"{chosen.name}: {text}"


def test_each_scenario_has_one_that_stands_for_it_and_the_race_one_control() -> None:
    assert sorted(known.represents for known in STRATEGIES if known.represents) == [1, 2, 3, 4]
    assert [known.control for known in STRATEGIES if known.races].count(True) == 1


@pytest.mark.parametrize("name", ["fine_tune_top", "fine_tune_all"])
def test_pretrained_weights_keep_their_share_of_the_heads_rate(name: str) -> None:
    """A tenth; all of it where BatchNorm keeps its statistics, and with them what the head was fitted to."""
    shares = {"squeezenet1_1": 0.1, "bundled": 0.1, "resnet18": 1, "efficientnet_lite0": 1, "vit_b_16": 0.1}
    for network, share in shares.items():
        known = next(each for each in BACKBONES if each.name == network)
        for overrides in ({}, {"lr": 0.02}):
            made = recipe(dataset(), name, known, **overrides)
            assert made.backbone_lr == pytest.approx(made.lr * share)
            assert made.batch_norm == ("kept" if share == 1 else "batch")
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
        ({"tap": "stage9"}, "no tap 'stage9' for tap. Choose one of: auto, last, stem, stage1"),
        ({"train_from": BACKBONES[0].taps[-1].name}, "for train_from"),
        ({"heads": 5}, "no setting 'heads'"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be a number from 0 to 0.95"),
        ({"optimizer": "lion"}, "optimizer is 'lion'; choose one of: adamw, sgd, adam"),
        ({"flip": 1}, "flip is '1'; choose one of: preset, yes, no"),
        ({"folds": 5, "fold": 5}, "fold 5 of 5 does not exist"),
        ({"folds": 1}, "fold 0 of 1 does not exist"),
        ({"folds": 21}, "folds is 21, but 'birds' has only 20"),
    ],
    ids=str,
)
def test_a_wrong_value_is_named_with_what_is_allowed(overrides: dict[str, Any], words: str) -> None:
    with pytest.raises(RecipeError) as caught:
        recipe(dataset(10 if overrides.get("folds") == 21 else 100), "fine_tune_top", BACKBONES[0], **overrides)
    assert words in str(caught.value)


def test_unknown_strategies_and_empty_datasets_are_refused() -> None:
    with pytest.raises(RecipeError, match=r"no strategy 'magic'\. Choose one of: linear_probe, "):
        strategy("magic")
    with pytest.raises(DatasetError, match="'birds' has no training images"):
        recipe(dataset(0), "linear_probe", BACKBONES[0])


def test_a_saved_recipe_comes_back_and_what_it_leaves_open_is_by_rule() -> None:
    data, backbone = dataset(), BACKBONES[0]
    made = recipe(data, "fine_tune_top", backbone, lr=0.02, dropout=0.5, folds=5, fold=2, seed=3)
    assert recipe_from(json.loads(json.dumps(asdict(made))), data, backbone) == made
    assert recipe_from({"strategy": "gradual"}, data, backbone) == recipe(data, "gradual", backbone)
    for values, words in (
        ({"strategy": "gradual", "rate": 1}, "no setting 'rate'"),
        ({"strategy": "gradual", "lr": -1}, "lr is -1"),
        ({"strategy": "linear_probe", "epochs": "many"}, "epochs is 'many'"),
        ({"epochs": 3}, 'with a "strategy"'),
        ([], 'with a "strategy"'),
    ):
        with pytest.raises(RecipeError, match=words):
            recipe_from(values, data, backbone)


def test_repeats_differ_in_seed_and_fold_alone() -> None:
    made = repeated(dataset(), "linear_probe", BACKBONES[0], folds=3, seeds=2, seed=7)
    assert [(one.seed, one.fold) for one in made] == [(7, 0), (7, 1), (7, 2), (8, 0), (8, 1), (8, 2)]
    assert len({one.id for one in made}) == 6
    assert len({one.repeats for one in made}) == 1
    assert made[0].repeats != recipe(dataset(), "linear_probe", BACKBONES[0]).repeats


@pytest.mark.parametrize(
    "wrong", [{"folds": -3}, {"folds": 2.5}, {"seed": "abc"}, {"seed": 1.7}, {"seeds": 0}], ids=str
)
def test_repeats_of_nonsense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=f"{next(iter(wrong))} is "):
        repeated(dataset(), "linear_probe", BACKBONES[0], **wrong)


def test_a_strategys_own_network_is_its_alone() -> None:
    small = named_backbone("small_cnn")
    for chosen in STRATEGIES:
        if chosen.network != small.name:
            with pytest.raises(RecipeError, match="does not train the network 'small_cnn'"):
                recipe(dataset(), chosen.name, small)
    with pytest.raises(RecipeError, match="does not train"):
        recipe(dataset(), "small_cnn", BACKBONES[0])


def test_sgd_has_rates_of_its_own() -> None:
    adam, sgd, said = (
        recipe(dataset(), "fine_tune_all", BACKBONES[0], **given)
        for given in ({}, {"optimizer": "sgd"}, {"optimizer": "sgd", "lr": 0.5})
    )
    assert (sgd.lr, sgd.backbone_lr) == pytest.approx((10 * adam.lr, 10 * adam.backbone_lr))
    assert sgd.weight_decay < adam.weight_decay
    assert said.lr == 0.5 and said.backbone_lr == pytest.approx(0.5)  # alike, as by AdamW on this network


def test_epochs_follow_the_images_that_are_left() -> None:
    data = dataset(4_000)
    whole, few, fold = (
        recipe(data, "fine_tune_all", BACKBONES[0], **given).epochs for given in ({}, {"per_class": 10}, {"folds": 2})
    )
    assert whole < fold < few


def test_last_is_a_tap_by_any_name() -> None:
    for backbone in BACKBONES[:5]:
        assert recipe(dataset(), "linear_svm", backbone, tap="last").tap == backbone.tap_names[-1]


IDS = (  # of recipes that have been trained: as they were, whatever settings come later
    ("linear_probe", "bundled", {}, "101bffcea716590c"),
    ("linear_svm", "resnet18", {"tap": "last", "folds": 5, "fold": 2}, "8923c9413eb009f7"),
    ("all_layers", "bundled", {"per_class": 7, "seed": 3}, "7d1fa2f75e8d480b"),
    ("frozen_head", "bundled", {"balanced": True}, "77d51f0cc3d562ba"),
    ("fine_tune_top", "squeezenet1_1", {"lr": 0.02, "dropout": 0.5}, "687d1cd49c224f4e"),
    ("gradual", "bundled", {"optimizer": "sgd", "epochs": 4}, "c6d087d946ee9ae5"),
    ("from_scratch", "resnet18", {"flip": False}, "3859d356fa0c4229"),
    ("small_cnn", "small_cnn", {"augment": "none"}, "619e6e49675775ab"),
)


@pytest.mark.parametrize(("name", "network", "overrides", "id"), IDS, ids=[each[0] for each in IDS])
def test_a_recipe_keeps_its_id(name: str, network: str, overrides: dict[str, Any], id: str) -> None:
    """Until the strategy's version is raised, or its defaults change."""
    assert recipe(dataset(), name, named_backbone(network), **overrides).id == id


def test_a_later_setting_enters_the_hash_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, cut = (recipe(dataset(), "gradual", named_backbone("bundled"), **given) for given in ({}, {"clip": 2.0}))
    before = {plain.id, plain.repeats}
    monkeypatch.setitem(SETTINGS, "clip", replace(SETTINGS["clip"], later=True))
    clip = next(each for each in fields(Recipe) if each.name == "clip")
    monkeypatch.setattr(clip, "metadata", {**clip.metadata, "later": True})
    later = {each.name for each in fields(Recipe) if each.metadata.get("later")} - {"clip"}
    rest = {name: value for name, value in asdict(plain).items() if name not in later | {"clip"}}
    rest["flip"] = True  # as it was saved, when it was a yes or no
    assert plain.hashed() == rest and {"px", "goal"} <= later
    assert not before & {plain.id, plain.repeats}, "so no field that recipes were saved with may become a later one"
    assert cut.hashed() == rest | {"clip": 2.0} and cut.later() == {"clip": 2.0} and not plain.later()
    assert Recipe(**plain.hashed()) == plain, "what was saved without it has its default"


def test_settings_describe_themselves() -> None:
    for name, setting in SETTINGS.items():
        assert setting.label and setting.help.endswith("."), name
        assert setting.flag == f"--{name.replace('_', '-')}"
        if setting.choices:
            assert setting.default in dict(setting.choices), name
    with pytest.raises(TypeError, match="'epochs' says no range"):
        replace(SETTINGS["epochs"], least=None)
