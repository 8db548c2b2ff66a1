"""Real worker processes: they run, stop, die and go when their server goes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.served import ended, long_run, wait
from transfer_core.jobs import lane
from transfer_core.types import CHECKPOINTS, TEST, Dataset, EpochEnd, Progress, Resumed, RunEnd, StageStart
from transfer_core.workspace import Workspace


def test_a_run_ends_with_its_events_predictions_and_figures(workspace: Workspace, dataset: Dataset) -> None:
    recipe = workspace.recipes.make(dataset, "linear_probe")
    (id,) = workspace.runs.submit([recipe])
    assert ended(workspace, id).status == "done", workspace.jobs.get(id).error
    run = workspace.runs.get(id)
    assert run.test_accuracy is not None and run.test_accuracy >= 0.8
    assert run.seconds and run.peak_bytes and run.images_per_second
    events = [event for _, _, event in workspace.jobs.events(id)]
    assert isinstance(events[-1], RunEnd) and sum(isinstance(e, RunEnd) for e in events) == 1
    assert {StageStart, Progress, EpochEnd} <= {type(e) for e in events}
    assert len(workspace.runs.predictions(id).test_labels) == dataset.count(2)
    assert workspace.runs.submit([recipe]) == (id,), "an identical finished recipe is offered, not recomputed"
    assert workspace.runs.submit([recipe], again=True) != (id,)


def test_stop_is_acknowledged_at_once_and_frees_the_device(workspace: Workspace, dataset: Dataset) -> None:
    id = long_run(workspace, dataset, seed=1)
    waiting = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", seed=5)])[0]
    workspace.jobs.stop(id)
    wait(lambda: workspace.runs.get(id).status in ("stopping", "stopped"), 1, "the acknowledgement")
    wait(lambda: workspace.runs.get(id).status == "stopped", 10, "the stop")
    run = workspace.runs.get(id)
    assert run.tested and run.epochs_done is not None and run.epochs_done >= 1 and run.epochs_planned == 1_000
    assert len(workspace.runs.predictions(id).test_labels) == dataset.count(TEST)
    assert ended(workspace, waiting).status == "done", "the device is free for the next run"


MOST = 1


def test_a_run_outlives_its_worker_so_many_times(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lane.MOST_RESUMED == 3
    monkeypatch.setattr(lane, "MOST_RESUMED", MOST)
    (id,) = workspace.runs.submit([workspace.recipes.make(dataset, "from_scratch", "bundled", epochs=500, patience=0)])
    pids = set[int]()
    for life in range(MOST + 1):
        steps = _steps(workspace, id)
        wait(lambda steps=steps: _steps(workspace, id) > steps, 60, f"steps of life {life + 1}")
        pids.add(workspace.jobs.worker_pids()["auto"])
        os.kill(workspace.jobs.worker_pids()["auto"], signal.SIGSEGV)
        wait(
            lambda life=life: workspace.jobs.get(id).payload.get("deaths", 0) > life or life == MOST,
            10,
            "its end",
        )
    assert ended(workspace, id, 10).status == "interrupted" and len(pids) == MOST + 1
    run = workspace.runs.get(id)
    assert "worker" in run.error and "Resume" in run.error and "Segmentation fault" in run.log
    (told,) = [event for _, _, event in workspace.jobs.events(id) if isinstance(event, Resumed)]
    assert "signal 11" in told.why, "it was told anew, once"
    (after,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", seed=3)])
    assert ended(workspace, after).status == "done"


def _steps(workspace: Workspace, id: str) -> int:
    """Of the life that is told now."""
    events = [event for _, _, event in workspace.jobs.events(id)]
    return sum(len(event.steps) for event in events if isinstance(event, Progress))


def test_a_worker_that_does_not_listen_is_killed(workspace: Workspace, dataset: Dataset) -> None:
    id = long_run(workspace, dataset, seed=4)
    os.kill(workspace.jobs.worker_pids()["auto"], signal.SIGSTOP)
    workspace.jobs.stop(id)
    wait(lambda: workspace.runs.get(id).status == "stopped", 10, "the stop by force")


def test_a_wrong_zip_fails_with_a_sentence_and_leaves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 not a zip")
    before = workspace.datasets.list()
    job = ended(workspace, workspace.datasets.import_path(tmp_path / "broken.zip"))
    assert job.status == "failed" and "zip" in job.error and "Traceback" not in job.error
    assert workspace.datasets.list() == before and not list((workspace.root / "staging").iterdir())


def test_a_paused_run_goes_on_where_it_was(workspace: Workspace, dataset: Dataset) -> None:
    make = workspace.recipes.make
    (id,) = workspace.runs.submit([make(dataset, "from_scratch", "bundled", epochs=6, patience=0, seed=5)])
    wait(lambda: _steps(workspace, id) > 4, 60, "its steps")
    workspace.runs.pause(id)
    job = ended(workspace, id, 10)
    assert job.status == "interrupted" and job.error.startswith("Paused")
    reached = _steps(workspace, id)
    (other,) = workspace.runs.submit([make(dataset, "linear_probe", "bundled", seed=6)])
    assert ended(workspace, other).status == "done", "others may go first"
    workspace.runs.resume([id])
    assert ended(workspace, id).status == "done"
    events = [event for _, _, event in workspace.jobs.events(id)]
    assert isinstance(events[0], Resumed) and events[0].step >= reached
    steps = [step for event in events if isinstance(event, Progress) for step in event.steps]
    assert steps == list(range(1, len(steps) + 1)), "its curve has no gap and tells nothing twice"
    assert [event.epoch for event in events if isinstance(event, EpochEnd)] == list(range(1, 7))
    kept = workspace.runs.folder(workspace.runs.get(id)) / CHECKPOINTS
    wait(lambda: not kept.exists(), 5, "the end of its checkpoints")


SERVER = """
import sys, time
from pathlib import Path
from transfer_core.workspace import Workspace
workspace = Workspace(Path(sys.argv[1]))
workspace.serve()
dataset = workspace.datasets.find(sys.argv[2])
workspace.runs.submit([workspace.recipes.make(dataset, "from_scratch", epochs=1000, patience=0)])
while "auto" not in workspace.jobs.worker_pids() or not workspace.jobs.devices():
    time.sleep(0.05)
print(workspace.jobs.worker_pids()["auto"], flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def test_when_the_server_goes_the_worker_goes_and_the_run_is_interrupted(tmp_path: Path, photos: Path) -> None:
    root = tmp_path / "workspace"
    first = Workspace(root)
    for _ in first.jobs.drive(first.datasets.import_path(photos)):
        pass
    first.close()
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(root), "colours"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert alive(pid)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
    wait(lambda: not alive(pid), 5, "the worker's end")
    second = Workspace(root)
    assert second.runs.list()[0].status in ("interrupted", "queued")
    second.close()
