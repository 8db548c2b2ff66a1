"""What strategies will take, before anything is measured."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.driving import drive
from transfer_core.expected import HEAD_SECONDS, expected
from transfer_core.strategies import STRATEGIES
from transfer_core.studies import speed
from transfer_core.training.devices import device
from transfer_core.types import TEST, TRAIN, VAL, Dataset, Estimate, Pace
from transfer_core.workspace import Workspace

PACE = Pace(features=100.0, training=25.0)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    opened = Workspace(tmp_path_factory.mktemp("expected"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(workspace: Workspace, photos: Path) -> Dataset:
    return workspace.datasets.get(drive(workspace, workspace.datasets.import_path(photos)).result["id"])


def test_its_arithmetic(workspace: Workspace, dataset: Dataset) -> None:
    network, small = workspace.backbones.get(), workspace.backbones.get("small_cnn")
    found: dict[str, Estimate] = {
        each.strategy: each
        for each in expected(dataset, network, PACE, {"small_cnn": (small, Pace(features=1e3, training=500.0))})
    }
    assert list(found) == [known.name for known in STRATEGIES]
    train, val, test = (dataset.count(split) for split in (TRAIN, VAL, TEST))
    head = HEAD_SECONDS["logistic"] * train * 1280 * 3
    probe, tuned, frozen = found["linear_probe"], found["fine_tune_all"], found["frozen_head"]
    assert probe.seconds == pytest.approx((train + val + test) / 100 + head)
    assert tuned.fixed_seconds == pytest.approx(probe.fixed_seconds + val / 100) and tuned.epochs == 60
    assert tuned.epoch_seconds >= train / 25 and frozen.epoch_seconds == pytest.approx(
        train / 100 + val / 100, rel=0.05
    )
    assert frozen.epoch_seconds < found["fine_tune_top"].epoch_seconds < tuned.epoch_seconds
    assert found["small_cnn"].epoch_seconds < tuned.epoch_seconds / 10, "by its own pace"
    assert "small_cnn" not in {each.strategy for each in expected(dataset, network, PACE, {})}


def test_networks_are_timed_once_and_the_times_stand_in_the_decision(
    workspace: Workspace, dataset: Dataset, small_networks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speed, "SECONDS", 0.1)
    monkeypatch.setattr(workspace.jobs, "devices", lambda: (device("cpu"),))  # as a worker says when it starts
    assert workspace.studies.estimates(dataset) == () and workspace.studies.decide(dataset).plans == ()
    jobs = workspace.backbones.measure_missing_speeds()
    assert len(jobs) == 2 and workspace.backbones.measure_missing_speeds() == (), "they wait already"
    for job in jobs:
        drive(workspace, job)
    assert workspace.backbones.measure_missing_speeds() == ()
    pace = workspace.backbones.pace(workspace.backbones.get())
    assert pace is not None and pace.features > pace.training > 0
    plans = {plan.strategy: plan for plan in workspace.studies.decide(dataset, seconds=1e-3).plans}
    assert len(plans) == len(STRATEGIES) and plans["fine_tune_all"].fits == "no"
