"""Recipes by the one door: saved and launched again, drawn on the user's images, refused by name."""

import io
import json
from dataclasses import asdict
from functools import partial

import numpy as np
import pytest
from PIL import Image

from tests.driving import drive
from transfer_core.errors import RecipeError
from transfer_core.types import SWITCHES, Dataset
from transfer_core.workspace import Workspace


def test_a_saved_recipe_is_launched_again(workspace: Workspace, dataset: Dataset) -> None:
    made = workspace.recipes.make(dataset, "gradual", lr=0.01, epochs=3, flip=False)
    saved = json.loads(json.dumps(asdict(made)))
    assert workspace.recipes.from_json(saved, dataset) == made
    assert workspace.recipes.from_json({**saved, "dataset": "of a friend"}, dataset) == made
    assert (
        workspace.recipes.from_json({"strategy": "small_cnn", "backbone": "bundled"}, dataset).backbone == "small_cnn"
    )
    for wrong in ({**saved, "backbone": "resnet19"}, {"strategy": "gradual"}, "gradual", {**saved, "epochs": 0}):
        with pytest.raises(RecipeError):
            workspace.recipes.from_json(wrong, dataset)


def test_augmentation_is_drawn_on_the_users_images(workspace: Workspace, dataset: Dataset) -> None:
    plain, light = (workspace.recipes.make(dataset, "fine_tune_all", augment=name) for name in ("none", "light"))
    assert workspace.recipes.augmented(dataset, light) is None
    for recipe in (plain, light):
        drive(workspace, workspace.recipes.draw_augmented(dataset, recipe))
    still, moved = (workspace.recipes.augmented(dataset, recipe) for recipe in (plain, light))
    assert still and moved
    rows = np.asarray(Image.open(io.BytesIO(still)).convert("RGB")).astype(int)
    side = (rows.shape[1] - 4) // 2
    assert rows.shape == (3 * side + 2 * 4, 2 * side + 4, 3), "the whole image and the network's square of it"
    augmented = np.asarray(Image.open(io.BytesIO(moved)).convert("RGB")).astype(int)
    assert augmented.shape == (3 * side + 2 * 4, 7 * side + 6 * 4, 3)
    assert (augmented[:, : 2 * side + 4] == rows).all()
    square, *drawn = (augmented[:, (side + 4) * column :][:, :side] for column in range(1, 7))
    assert all(np.abs(one - square).mean() > 2 for one in drawn)


def test_a_drawing_holds_what_changes_the_picture_and_nothing_else(workspace: Workspace, dataset: Dataset) -> None:
    made = partial(workspace.recipes.make, dataset, "fine_tune_all")
    first = {"augment": "light"}
    drive(workspace, workspace.recipes.draw_augmented(dataset, made(**first)))
    same = ({"lr": 0.5}, {"flip": "yes"}, {"flip_up": "no"}, {"seed": 4})
    assert all(workspace.recipes.augmented(dataset, made(**first, **each)) for each in same)
    other = (*({name: "yes"} for name in SWITCHES if name not in ("flip", "shift")), {"shift": "no"}, {"flip": "no"})
    for each in (*other, {"augment": "standard"}, {"fit": "pad"}, {"px": 64}):
        assert workspace.recipes.augmented(dataset, made(**(first | each))) is None, each


@pytest.mark.parametrize(
    ("strategy", "backbone", "fields", "says"),
    [
        ("magic", "bundled", {}, "linear_probe"),
        ("linear_probe", "resnet9000", {}, "bundled"),
        ("linear_svm", "bundled", {"tap": "stage99"}, "stage99"),
        ("fine_tune_all", "bundled", {"epochs": 0}, "epochs"),
        ("fine_tune_all", "bundled", {"lr": float("nan")}, "lr"),
    ],
)
def test_a_wrong_recipe_names_what_is_wrong(
    strategy: str, backbone: str, fields: dict[str, object], says: str, workspace: Workspace, dataset: Dataset
) -> None:
    with pytest.raises(RecipeError, match=says):
        workspace.recipes.make(dataset, strategy, backbone, **fields)
