"""A backbone's speed: measured in seconds, remembered over a restart, never asked for twice at once."""

from pathlib import Path

import pytest

from transfer_core.backbones import backbone
from transfer_core.errors import RecipeError
from transfer_core.studies import speed
from transfer_core.training.devices import devices
from transfer_core.types import Device, Progress, RunEnd
from transfer_core.workspace import Workspace
from transfer_core.workspace.jobs import Jobs

BUNDLED = backbone("bundled")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed, "SECONDS", 0.05)
    monkeypatch.setattr(speed, "PASS_SECONDS", 0.02)


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> tuple[Device, ...]:
    """The devices, with no worker to find them."""
    here = (*[known for known in devices() if known.name == "cpu"], Device(name="cuda:7", title="A GPU"))
    monkeypatch.setattr(Jobs, "devices", lambda jobs: here)
    return here


def measured(workspace: Workspace, id: str) -> float:
    *progress, end = workspace.jobs.drive(id)
    assert isinstance(end, RunEnd) and end.status == "done", end
    assert all(isinstance(event, Progress) for event in progress)
    return float(end.result["images_per_second"])


def test_it_shows_progress_and_ends_with_a_rate() -> None:
    *progress, end = speed.measure_speed(BUNDLED, device="cpu")
    assert isinstance(end, RunEnd) and end.result["images_per_second"] > 1
    assert end.result["backbone"] == "bundled" and end.result["device"].startswith("CPU")
    passes = [event for event in progress if isinstance(event, Progress) and event.unit == "passes"]
    assert len(passes) >= speed.LEAST_PASSES
    assert all(event.done <= event.of and event.images_per_second for event in passes)
    with pytest.raises(RecipeError, match="tpu"):
        next(iter(speed.measure_speed(BUNDLED, device="tpu")))


def test_it_is_remembered_for_its_device_and_over_a_restart(tmp_path: Path) -> None:
    first = Workspace(tmp_path)
    assert first.backbones.speed(BUNDLED) is None
    rate = measured(first, first.backbones.measure_speed("bundled"))
    first.close()
    again = Workspace(tmp_path)
    assert again.backbones.speed(BUNDLED) == again.backbones.speed(BUNDLED, "cpu") == rate
    assert again.backbones.speed(BUNDLED, "cuda:7") is None and again.backbones.speed(backbone("resnet18")) is None
    newer = measured(again, again.backbones.measure_speed("bundled"))
    assert again.backbones.speed(BUNDLED) == newer, "the newest counts"
    again.close()


def test_a_waiting_measurement_is_not_doubled(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    id = workspace.backbones.measure_speed("bundled")
    assert workspace.backbones.measure_speed("bundled", "cpu") == id, "the default device by its own name"
    assert (
        len({id, workspace.backbones.measure_speed("resnet18"), workspace.backbones.measure_speed("bundled", "cuda:7")})
        == 3
    )
    workspace.jobs.stop(id)
    assert workspace.backbones.measure_speed("bundled") != id
    for name, device, says in (("resnet9000", "auto", "resnet9000"), ("bundled", "tpu", "tpu")):
        with pytest.raises(RecipeError, match=says):
            workspace.backbones.measure_speed(name, device)
    workspace.close()
