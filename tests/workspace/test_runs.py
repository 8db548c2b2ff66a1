"""Runs by the one door: every advice can be launched, repeats have a mean."""

from itertools import product

import numpy as np
import pytest

from tests.driving import drive
from transfer_core.advice import advise
from transfer_core.errors import DatasetError, UnknownJob
from transfer_core.types import Answers, Dataset
from transfer_core.workspace import Workspace

ANSWERS = list(product((500, 5_000, 50_000), ("similar", "different", None), ("limited", "ample", None)))


@pytest.mark.timeout(300)
def test_every_strategy_and_what_any_answers_recommend_finishes(workspace: Workspace, dataset: Dataset) -> None:
    recipes = {}
    for images, similarity, budget in ANSWERS:
        advice = advise(Answers(images=images, similarity=similarity, budget=budget))  # type: ignore[arg-type]
        for suggestion in advice.suggestions:
            fields = dict(suggestion.overrides)
            assert workspace.recipes.make(dataset, suggestion.strategy, **fields).strategy == suggestion.strategy
            short = workspace.recipes.make(dataset, suggestion.strategy, **{**fields, "epochs": 1})
            recipes[short.id] = short
    for known in workspace.strategies.list():
        short = workspace.recipes.make(dataset, known.name, epochs=1)
        recipes[short.id] = short
    ids = workspace.runs.submit(list(recipes.values()))
    for id in ids:
        drive(workspace, id)
    comparison = workspace.comparisons.make(ids)
    assert comparison.verdict.choice in ids and len(comparison.scores) == len(ids)
    assert len(set(workspace.runs.titles(comparison.runs).values())) == len(ids)


def test_repeats_have_a_mean_and_folds_are_compared_among_themselves(workspace: Workspace, dataset: Dataset) -> None:
    folds = workspace.runs.submit(workspace.recipes.repeated(dataset, "linear_probe", folds=3))
    seeds = workspace.runs.submit(workspace.recipes.repeated(dataset, "linear_probe", seeds=2, per_class=4))
    for id in (*folds, *seeds):
        drive(workspace, id)
    groups = {frozenset(run.id for run in group.runs): group for group in workspace.runs.repeats(dataset.id)}
    assert set(groups) >= {frozenset(folds), frozenset(seeds)}
    found = groups[frozenset(folds)]
    accuracies = [workspace.runs.get(id).test_accuracy for id in folds]
    assert found.done == 3 and found.mean == pytest.approx(np.mean(accuracies))
    assert found.spread == pytest.approx(np.std(accuracies, ddof=1))
    assert workspace.comparisons.make(seeds).verdict.choice in seeds
    once_more = workspace.runs.submit([workspace.runs.get(folds[0]).recipe], again=True)
    drive(workspace, once_more[0])
    (now,) = (group for group in workspace.runs.repeats(dataset.id) if once_more[0] in {run.id for run in group.runs})
    assert [run.id for run in now.runs] == [once_more[0], *folds[1:]], "each fold once, the newest"
    assert len(set(workspace.runs.titles_of_repeats(workspace.runs.repeats(dataset.id)))) == len(
        workspace.runs.repeats(dataset.id)
    )
    with pytest.raises(DatasetError, match="different images"):
        workspace.comparisons.make([*folds, *seeds])


def test_a_run_that_has_not_finished_cannot_predict_or_be_compared(workspace: Workspace, dataset: Dataset) -> None:
    (id,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", seed=77)])
    for ask in (lambda: workspace.predictions.submit([id], [("a.png", b"")]), lambda: workspace.comparisons.make([id])):
        with pytest.raises(UnknownJob, match="not finished"):
            ask()
