"""A run that is told to stop leaves its best network, tested; told twice, untested; with nothing learned, none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.driving import drive
from transfer_core.errors import UnknownJob
from transfer_core.types import Dataset, EpochEnd, Event, Progress, Recipe, Run, RunEnd, StageStart
from transfer_core.workspace import Workspace

pytestmark = pytest.mark.usefixtures("small_networks")


def stopped(workspace: Workspace, recipe: Recipe, *marks: Callable[[Event], bool]) -> tuple[Run, list[Event]]:
    """The run of a recipe that is told to stop at each of the marks, one after the other."""
    (id,) = workspace.runs.submit([recipe])
    told: list[Event] = []
    seen = []
    for event in workspace.jobs.drive(id, stops=lambda: len(told)):
        seen.append(event)
        if len(told) < len(marks) and marks[len(told)](event):
            told.append(event)
    assert len(told) == len(marks), "it ended before"
    return workspace.runs.get(id), seen


def tuned(event: Event) -> bool:
    return isinstance(event, EpochEnd) and event.stage != "head"


def tuning(event: Event) -> bool:
    return isinstance(event, Progress) and event.what.startswith("Epoch 1 ")


def begins_its_test(event: Event) -> bool:
    return isinstance(event, StageStart) and event.stage == "test"


def test_the_best_network_so_far_is_tested_compared_and_predicts(
    workspace: Workspace, dataset: Dataset, photos: Path
) -> None:
    run, seen = stopped(workspace, workspace.recipes.make(dataset, "fine_tune_all", "bundled", epochs=50), tuned)
    assert (run.status, run.usable, run.tested) == ("stopped", True, True)
    assert run.epochs_done is not None and 1 <= run.epochs_done < 5 and run.epochs_planned == 50
    assert isinstance(seen[-1], RunEnd) and any(map(begins_its_test, seen)), "the test shows its progress"
    (probe,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled")])
    drive(workspace, probe)
    comparison = workspace.comparisons.make([run.id, probe])
    title = workspace.runs.titles([run, workspace.runs.get(probe)])[run.id]
    assert title == f"Fine-tune everything, stopped after {run.epochs_done} of 50 epochs"
    assert {each.id for each in comparison.runs} == {run.id, probe}
    assert run.id in {each.id for each in workspace.runs.best(dataset)}
    job = workspace.predictions.submit_paths([run.id, probe], [photos / "red" / "3.png"])
    assert drive(workspace, job).result == {"images": 1, "unreadable": 0, "of": 1}
    assert workspace.predictions.get(job).probabilities.shape == (2, 1, 3)
    (again,) = workspace.runs.submit([run.recipe])
    assert again != run.id, "one that was stopped is trained anew when asked again"
    workspace.jobs.stop(again)


def test_before_the_first_look_the_fitted_head_counts(workspace: Workspace, dataset: Dataset) -> None:
    run, _ = stopped(workspace, workspace.recipes.make(dataset, "fine_tune_all", "bundled", seed=3), tuning)
    (probe,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled", seed=3)])
    drive(workspace, probe)
    assert run.tested and run.epochs_done == 0
    kept, fitted = workspace.runs.predictions(run.id), workspace.runs.predictions(probe)
    assert abs(kept.test_probabilities - fitted.test_probabilities).max() < 1e-5


def test_without_a_fitted_head_it_is_as_it_stands(workspace: Workspace, dataset: Dataset) -> None:
    recipe = workspace.recipes.make(dataset, "from_scratch", "bundled", batch_size=4)
    run, _ = stopped(workspace, recipe, tuning)
    untouched, _ = stopped(workspace, recipe, lambda event: isinstance(event, StageStart))
    assert run.tested and run.epochs_done == 0
    assert (untouched.status, untouched.usable) == ("stopped", False)
    with pytest.raises(UnknownJob, match="left no network"):
        workspace.predictions.submit([untouched.id], [("a.png", b"")])


def test_told_twice_it_is_kept_untested(workspace: Workspace, dataset: Dataset, photos: Path) -> None:
    run, _ = stopped(
        workspace, workspace.recipes.make(dataset, "fine_tune_all", "bundled", seed=4), tuned, begins_its_test
    )
    assert (run.status, run.usable, run.tested, run.test_accuracy) == ("stopped", True, False, None)
    drive(workspace, workspace.predictions.submit_paths([run.id], [photos / "red" / "3.png"]))
    with pytest.raises(UnknownJob, match="no predictions"):
        workspace.comparisons.make([run.id])


def test_told_in_its_test_it_is_done_all_the_same(workspace: Workspace, dataset: Dataset) -> None:
    run, _ = stopped(workspace, workspace.recipes.make(dataset, "linear_probe", "bundled", seed=5), begins_its_test)
    assert run.status == "done" and run.test_accuracy is not None


def test_nothing_learned_is_nothing_left(workspace: Workspace, dataset: Dataset) -> None:
    run, _ = stopped(
        workspace,
        workspace.recipes.make(dataset, "linear_svm", "bundled", seed=6),
        lambda event: isinstance(event, Progress),
    )
    assert (run.status, run.usable) == ("stopped", False)
    assert not (workspace.root / "runs" / run.id / "model.safetensors").exists()
