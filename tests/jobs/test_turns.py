"""The queue with real workers: a short run overtakes, what Graft started by itself makes way and ends later."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.database import database
from tests.jobs.served import ended, long_run, wait
from transfer_core.jobs.tasks.train import Train
from transfer_core.types import Dataset, EpochEnd, Recipe, Resumed, Run
from transfer_core.workspace import Workspace


def test_a_short_run_goes_before_a_long_one_that_waits(workspace: Workspace, dataset: Dataset) -> None:
    running = long_run(workspace, dataset, seed=11)
    make = workspace.recipes.make
    slow = workspace.jobs.add(_train(make(dataset, "from_scratch", "bundled", epochs=1_000, seed=12), expected=600.0))
    quick = workspace.jobs.add(_train(make(dataset, "linear_probe", "bundled", seed=12), expected=2.0))
    workspace.jobs.stop(running)
    assert ended(workspace, quick).status == "done"
    wait(lambda: workspace.runs.get(slow).status == "running", 10, "the long one's turn")
    assert workspace.runs.get(slow).overtaken_seconds == 2.0
    first, second = workspace.runs.get(quick).started, workspace.runs.get(slow).started
    assert first is not None and second is not None and first < second
    workspace.jobs.stop(slow)
    ended(workspace, slow)


def test_what_began_by_itself_makes_way_at_once_and_ends_later(workspace: Workspace, dataset: Dataset) -> None:
    make = workspace.recipes.make
    own = workspace.runs.submit_by_itself(make(dataset, "from_scratch", "bundled", epochs=15, patience=0, px=32))
    wait(lambda: _epochs(workspace, own) > 0, 60, "its first epoch")
    (asked,) = workspace.runs.submit([make(dataset, "linear_probe", "bundled", seed=21)])
    wait(lambda: workspace.runs.get(asked).status != "queued", 3, "the start of what was asked for")
    wait(lambda: workspace.runs.get(own).status == "queued", 1, "its way back into the queue")
    assert ended(workspace, asked).status == "done" and ended(workspace, own).status == "done"
    first, second = _run(workspace, asked), _run(workspace, own)
    assert first.started < second.started and second.by_itself and not first.by_itself  # type: ignore[operator]
    events = [event for _, _, event in workspace.jobs.events(own)]
    assert isinstance(events[0], Resumed) and "made way" in events[0].why
    assert [event.epoch for event in events if isinstance(event, EpochEnd)] == list(range(1, 16)), "begun anew"


def test_asked_for_it_makes_way_no_more(workspace: Workspace, dataset: Dataset) -> None:
    make = workspace.recipes.make
    recipe = make(dataset, "from_scratch", "bundled", epochs=1_000, patience=0, px=32)
    own = workspace.runs.submit_by_itself(recipe)
    wait(lambda: _epochs(workspace, own) > 0, 60, "its first epoch")
    assert workspace.runs.submit([recipe]) == (own,) and not workspace.runs.get(own).by_itself
    (other,) = workspace.runs.submit([make(dataset, "linear_probe", "bundled", seed=22)])
    before = _epochs(workspace, own)
    wait(lambda: _epochs(workspace, own) > before + 2, 30, "its further epochs")
    assert workspace.runs.get(other).status == "queued"
    workspace.jobs.stop(own)
    assert ended(workspace, own).status == "stopped" and ended(workspace, other).status == "done"


@pytest.fixture
def unasked(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace as the dashboard opens it, with a small default network."""
    opened = Workspace(tmp_path / "unasked")
    opened.settings.change(backbone="bundled")
    opened.serve(by_itself=True)
    yield opened
    opened.close()


def test_a_first_model_comes_by_itself_once(unasked: Workspace, photos: Path) -> None:
    def bring_in(*, first_model: bool = False) -> Dataset:
        job = ended(unasked, unasked.datasets.import_path(photos, first_model=first_model))
        assert job.status == "done", job.error
        return unasked.datasets.get(job.result["id"])

    dataset = bring_in()  # as the command line does
    wait(lambda: unasked.backbones.pace(unasked.backbones.get()) is not None, 60, "the timing")
    assert not unasked.runs.list()
    bring_in(first_model=True)
    wait(lambda: bool(unasked.runs.list()), 10, "the first model")
    (run,) = unasked.runs.list()
    assert run.by_itself and run.recipe.strategy == "linear_probe" and run.recipe.backbone == "bundled"
    assert run.expected_seconds is not None and run.expected_seconds < 60 and not run.recipe.per_class
    assert ended(unasked, run.id).status == "done"
    assert (_run(unasked, run.id).val_accuracy or 0) > 0.5

    def cut_off(id: str, *, pausing: bool = False) -> None:
        """It ends with the program; the next one looks at what is due whenever a job has ended."""
        with database(unasked) as store:
            store.note(id, "payload", pausing=pausing)
            store.finish(id, "interrupted")
        bring_in()

    cut_off(run.id, pausing=True)
    bring_in()
    assert _run(unasked, run.id).status == "interrupted", "what was paused stays so"
    cut_off(run.id)
    wait(lambda: _run(unasked, run.id).status == "done", 10, "the same run, which went on")
    cut_off(run.id)
    bring_in()
    (last,) = unasked.runs.list()
    assert (last.id, last.status) == (run.id, "interrupted"), "not a third time"
    unasked.runs.delete(last.id)
    bring_in(first_model=True)
    unasked.settings.change(first_model=False)
    unasked.datasets.delete(dataset.id)
    bring_in(first_model=True)
    assert ended(unasked, unasked.backbones.measure_speed("bundled")).status == "done", "what is due is looked at then"
    assert not unasked.runs.list()


def _train(recipe: Recipe, *, expected: float) -> Train:
    return Train(recipe=recipe, expected=expected)


def _epochs(workspace: Workspace, id: str) -> int:
    return sum(isinstance(event, EpochEnd) for _, _, event in workspace.jobs.events(id))


def _run(workspace: Workspace, id: str) -> Run:
    return workspace.runs.get(id)
