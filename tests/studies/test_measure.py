"""Measuring real images with the bundled network: what comes out, what is kept."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import draw_photos
from transfer_core.strategies import STRATEGIES
from transfer_core.studies import estimates
from transfer_core.studies.measure import some_of
from transfer_core.types import (
    TEST,
    TRAIN,
    Dataset,
    Measured,
    RunEnd,
    from_plain,
)
from transfer_core.workspace import Workspace


@pytest.fixture(scope="module")
def measured(workspace: Workspace, dataset: Dataset) -> Measured:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimates, "ENOUGH_SECONDS", 0.1)  # of timed batches: there is a time for each, if a rough one
        *_, end = workspace.jobs.drive(workspace.studies.measure(dataset))
    assert isinstance(end, RunEnd) and end.status == "done", end
    found = workspace.studies.measured(dataset)
    assert found is not None
    return found


def test_what_is_measured_is_kept_whole(workspace: Workspace, dataset: Dataset, measured: Measured) -> None:
    job = workspace.studies.job("measure", dataset)
    assert job is not None and asdict(measured) == asdict(from_plain(Measured, job.result))
    assert measured.size.train_images == dataset.count(TRAIN) == sum(measured.size.per_class)
    assert [point.tap for point in measured.depth_curve] == list(workspace.backbones.get().tap_names)
    assert all(
        point.low <= point.accuracy + 1e-9 and point.accuracy <= point.high + 1e-9 for point in measured.depth_curve
    )
    assert measured.depth_curve[0].accuracy > 0.9  # colour tells these classes apart, at any depth
    axes = {axis.name: axis for axis in measured.similarity.axes}
    assert set(axes) == {"depth", "statistics", "semantics"}
    assert all(0 <= axis.low <= axis.score <= axis.high <= 1 for axis in axes.values())  # type: ignore[operator]
    assert measured.similarity.answer != "similar"  # patches of coloured noise
    shown = [sample for each in measured.nearest_classes for sample in each.samples]
    assert shown and set(dataset.splits[shown]) == {TRAIN}


def test_every_strategy_is_estimated(workspace: Workspace, dataset: Dataset, measured: Measured) -> None:
    assert [each.strategy for each in measured.estimates] == [known.name for known in STRATEGIES]
    for each in measured.estimates:
        wanted = workspace.recipes.make(dataset, each.strategy)
        assert each.epochs == wanted.epochs
        assert each.seconds > 0 and each.peak_bytes > 100e6
        assert (each.epoch_seconds > 0) == (wanted.epochs > 0)


def test_large_datasets_are_measured_in_part(dataset: Dataset) -> None:
    part = some_of(dataset, 10)
    assert 6 <= part.count(TRAIN) <= 14 and part.count(1) == part.count(TEST) == 0
    assert len(np.unique(part.labels[part.rows(TRAIN)])) == 3
    assert some_of(dataset, 1_000).count(TRAIN) == dataset.count(TRAIN)


def test_a_study_of_a_dataset_deleted_meanwhile_fails_with_a_sentence(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    for _ in workspace.jobs.drive(workspace.datasets.import_path(draw_photos(tmp_path / "photos"), name="gone")):
        pass
    dataset = workspace.datasets.find("gone")
    waiting = workspace.studies.measure(dataset)
    assert workspace.studies.measure(dataset) == waiting  # not queued twice
    workspace.datasets.delete(dataset.id)
    *_, end = workspace.jobs.drive(workspace.studies.measure(dataset))
    assert isinstance(end, RunEnd) and end.status == "failed" and "deleted" in end.error
    workspace.close()
