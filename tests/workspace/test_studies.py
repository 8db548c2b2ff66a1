"""Studies by the one door: none is made twice."""

import pytest

from tests.driving import drive
from transfer_core.errors import RecipeError
from transfer_core.studies import rates
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


def test_learning_rates_are_tried_once_for_recipes_that_differ_in_them(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "MOST_STEPS", 6)
    monkeypatch.setattr(rates, "LEAST_STEPS", 6)
    recipe = workspace.recipes.make(dataset, "frozen_head", per_class=2)
    other = workspace.recipes.make(
        dataset, "frozen_head", per_class=2, lr=0.02, epochs=3, schedule="constant", warm_up=0
    )
    assert workspace.studies.rate_test(dataset, recipe) is None and workspace.studies.rate_job(dataset, recipe) is None
    job = workspace.studies.find_rate(dataset, recipe)
    assert workspace.studies.find_rate(dataset, other) == job, "while it waits"
    drive(workspace, job)
    assert workspace.studies.find_rate(dataset, other) == job, "once it has ended"
    found, same = workspace.studies.rate_test(dataset, recipe), workspace.studies.rate_test(dataset, other)
    assert found and same and found.losses == same.losses and len(found.losses) == found.steps == 6
    assert (found.own, same.own) == (recipe.lr, 0.02)
    smaller = workspace.recipes.make(dataset, "frozen_head", per_class=2, batch_size=4)
    slower = workspace.recipes.make(dataset, "fine_tune_all", per_class=2, backbone_lr=1e-5)
    ids = {job, *(workspace.studies.find_rate(dataset, each) for each in (smaller, slower))}
    ids.add(workspace.studies.find_rate(dataset, workspace.recipes.make(dataset, "fine_tune_all", per_class=2)))
    assert len(ids) == 4, "of other batches, or rates in another ratio, the test is another"
    for id in ids - {job}:
        workspace.jobs.stop(id)
    with pytest.raises(RecipeError, match="it has no learning rate"):
        workspace.studies.find_rate(dataset, workspace.recipes.make(dataset, "linear_probe"))
