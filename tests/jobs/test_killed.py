"""A run that is killed in any of its processes, as often as may be, goes on and ends as one that was left alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.jobs.served import SERVER, children, ended, long_run, reached, wait
from transfer_core.jobs import process
from transfer_core.store import Store
from transfer_core.types import Dataset, EpochEnd, Event, Progress, Recipe, Resumed
from transfer_core.workspace import Workspace

EPOCHS = 12


def curve(events: list[Event]) -> tuple[list, list]:
    """Loss by step, and what each epoch came to."""
    steps = [point for bar in events if isinstance(bar, Progress) for point in zip(bar.steps, bar.losses, strict=True)]
    ends = [event for event in events if isinstance(event, EpochEnd)]
    return steps, [(each.epoch, each.step, each.train_loss, each.val_loss, each.best) for each in ends]


@pytest.fixture
def undisturbed(tmp_path: Path, photos: Path) -> tuple[Path, Recipe, dict, tuple]:
    """A workspace with a dataset, a recipe for it, and what that comes to when nothing happens to it."""
    with Workspace(tmp_path / "workspace") as workspace:
        for _ in workspace.jobs.drive(workspace.datasets.import_path(photos)):
            pass
        dataset: Dataset = workspace.datasets.get(workspace.datasets.list()[0].id)
        wanted = workspace.recipes.make(dataset, "from_scratch", "bundled", epochs=EPOCHS, patience=0)
        workspace.serve()
        (id,) = workspace.runs.submit([wanted])
        assert ended(workspace, id, 120).status == "done"
        predictions = dict(np.load(workspace.runs.folder(workspace.runs.get(id)) / "predictions.npz"))
        told = curve([event for _, _, event in workspace.jobs.events(id)])
    return tmp_path / "workspace", wanted, predictions, told


def test_a_server_and_its_workers_that_are_killed(undisturbed: tuple[Path, Recipe, dict, tuple]) -> None:
    _killed(*undisturbed, times=1, seed=0)


def test_a_run_is_kept_where_it_stands_when_graft_ends(tmp_path: Path, photos: Path) -> None:
    with Workspace(tmp_path / "workspace") as workspace:
        for _ in workspace.jobs.drive(workspace.datasets.import_path(photos)):
            pass
        workspace.serve()
        id = long_run(workspace, workspace.datasets.get(workspace.datasets.list()[0].id), seed=7)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    with Workspace(tmp_path / "workspace") as workspace:
        assert workspace.runs.get(id).status == "interrupted"
        before = reached(Store(tmp_path / "workspace" / "graft.db", write=False), id)
        workspace.settings.change(first_model=False, resume=True)
        workspace.serve(by_itself=True)
        wait(lambda: isinstance(_first(workspace, id), Resumed), 60, "its going on")
        resumed = _first(workspace, id)
        assert isinstance(resumed, Resumed) and resumed.step >= before > 0
        workspace.jobs.stop(id)
        assert ended(workspace, id).status == "stopped"


def _first(workspace: Workspace, id: str) -> Event:
    return next(event for _, _, event in workspace.jobs.events(id))


FAULT = """
import os, sys
from pathlib import Path
from transfer_core.jobs import worker
from transfer_core.training import gradient
met, known = Path(sys.argv.pop(1)), gradient.learn
def learn(run, *given, **more):
    if run.meter.step == 3 and not met.exists():
        met.touch()
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    return known(run, *given, **more)
gradient.learn = learn
worker.main()
"""


def test_a_spoilt_device_gets_a_new_worker(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Workspace(tmp_path / "workspace") as workspace:
        for _ in workspace.jobs.drive(workspace.datasets.import_path(photos)):
            pass
        dataset = workspace.datasets.get(workspace.datasets.list()[0].id)
        monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", FAULT, str(tmp_path / "met")))
        workspace.serve()
        wanted = workspace.recipes.make(dataset, "from_scratch", "bundled", epochs=3, patience=0)
        (id,) = workspace.runs.submit([wanted])
        assert ended(workspace, id).status == "done" and (tmp_path / "met").exists()
        told = next(event for _, _, event in workspace.jobs.events(id) if isinstance(event, Resumed))
        assert "exit code 1" in told.why


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_fifty_kills(undisturbed: tuple[Path, Recipe, dict, tuple]) -> None:
    for seed in range(1, 11):
        _killed(*undisturbed, times=5, seed=seed)


def _killed(root: Path, wanted: Recipe, predictions: dict, told: tuple, *, times: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with Workspace(root) as workspace:
        (id,) = workspace.runs.submit([wanted], again=True)
    reader = Store(root / "graft.db", write=False)
    acknowledged = 0
    for life in range(times):
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(root)], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        assert server.stdout.readline() == "serves\n"
        for more in (1, int(rng.integers(0, 2 * EPOCHS))):
            last = reached(reader, id) + more
            wait(lambda last=last: reached(reader, id) >= last or reader.job(id).status == "done", 120, "its steps")
        acknowledged = reached(reader, id)
        if life % 2 or times == 1:
            for pid in children(server.pid):
                os.kill(pid, signal.SIGKILL)
        server.send_signal(signal.SIGKILL)
        server.wait()
        server.stdout.close()
        assert reader.damage() == () and reached(reader, id) >= acknowledged, "no row that was written is gone"
    with Workspace(root) as workspace:
        workspace.runs.resume([id])
        workspace.serve()
        assert ended(workspace, id, 240).status == "done"
        assert curve([event for _, _, event in workspace.jobs.events(id)]) == told
        found = np.load(workspace.runs.folder(workspace.runs.get(id)) / "predictions.npz")
        assert all(np.array_equal(found[name], predictions[name]) for name in predictions)
