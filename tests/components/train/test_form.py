"""The Train page's form: what it launches, and what comes back from a recipe."""

from io import BytesIO
from pathlib import Path

import pytest

from components import state
from components.kit.runs import kind_of
from components.kit.train_form import by_rule, fill_from, one_each, recipes, reset
from components.state import Form
from components.train.queue import mean_and_spread
from components.train.recipe import read_json
from components.train.settings import COLUMNS, changed
from tests.strategies.test_strategies import dataset
from transfer_core.errors import RecipeError
from transfer_core.strategies import STRATEGIES
from transfer_core.types import SETTINGS, SWITCHES, Repeats, Run
from transfer_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, write=False)


def test_every_setting_of_a_strategy_has_a_control() -> None:
    shown = {setting.name for setting in SETTINGS.values() if setting.group in COLUMNS}
    shown |= {"augment", *SWITCHES, "folds", "fold"}
    assert {name for known in STRATEGIES for name in known.settings} <= shown


def test_a_launch_is_each_strategy_in_each_seed_and_fold(workspace: Workspace) -> None:
    form = Form(chosen=["linear_probe", "small_cnn"], folds=3, seeds=2, settings={"epochs": 5, "seed": 4})
    made = recipes(workspace, dataset(), form, "bundled")
    assert len(made) == 2 * 3 * 2 and len({recipe.id for recipe in made}) == len(made)
    assert {recipe.seed for recipe in made} == {4, 5}
    assert [recipe.strategy for recipe in one_each(made)] == ["linear_probe", "small_cnn"]
    assert {recipe.epochs for recipe in made} == {0, 5}
    assert "epochs 5" in changed(workspace, form) and "3 folds" in changed(workspace, form)
    form.chosen = ["linear_probe"]  # which has no epochs
    assert "epochs" not in changed(workspace, form)


def test_a_recipe_fills_the_form_so_that_it_would_be_launched_again(workspace: Workspace) -> None:
    data = dataset()
    wanted = workspace.recipes.make(
        data, "fine_tune_top", "squeezenet1_1", lr=0.01, train_from="fire2", seed=3, flip=False
    )
    fill_from(workspace, data, wanted)
    form = state.form.get()
    assert recipes(workspace, data, form, state.backbone.get()) == (wanted,)
    assert set(form.settings) == {"lr", "backbone_lr", "train_from", "seed", "flip"}
    reset(form)
    assert not changed(workspace, form) and form.chosen == ["fine_tune_top"]


@pytest.mark.parametrize("overrides", [{}, {"folds": 3, "fold": 2}, {"per_class": 2}, {"folds": 5, "per_class": 4}])
def test_a_recipe_by_rule_fills_no_setting_that_the_rules_decide(
    workspace: Workspace, overrides: dict[str, int]
) -> None:
    data = dataset(400)  # so many that the epochs by rule depend on how many a recipe trains on
    fill_from(workspace, data, workspace.recipes.make(data, "fine_tune_all", **overrides))
    form = state.form.get()
    assert set(form.settings) <= {"per_class"} and form.folds == overrides.get("folds", 0)
    (rule,) = by_rule(workspace, data, form, "bundled")
    assert rule.epochs == recipes(workspace, data, form, "bundled")[0].epochs


def test_a_layer_kept_for_another_strategy_does_not_stop_a_launch(workspace: Workspace) -> None:
    form = Form(chosen=["fine_tune_all"], settings={"tap": "stage2"})  # of the bundled backbone
    assert recipes(workspace, dataset(), form, "squeezenet1_1")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 90_000, b" " * 200_000])
def test_a_file_that_is_no_recipe_gets_a_sentence(content: bytes) -> None:
    with pytest.raises(RecipeError, match=r"^This file .*\.$"):
        read_json(BytesIO(content))


def test_repeats_in_words(workspace: Workspace) -> None:
    made = workspace.recipes.repeated(dataset(), "linear_probe", folds=2, seeds=2)
    runs = tuple(
        Run(id=str(i), recipe=recipe, status="done", created=0, started=0, finished=0, device="cpu")
        for i, recipe in enumerate(made)
    )
    group = Repeats(runs=runs, mean=0.8123, spread=0.0131)
    assert kind_of(group) == "2 folds of 2 seeds"
    assert mean_and_spread(group).replace("\u202f", " ") == "81.2 % ± 1.3 points"
