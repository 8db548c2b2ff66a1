"""`run` is killed, `resume` goes on."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.served import wait
from transfer_core.cli import main
from transfer_core.store import Store
from transfer_core.training import fit
from transfer_core.types import EpochEnd, Resumed

EAGER = """
import sys
from transfer_core.cli import main
from transfer_core.training import checkpoints
checkpoints.PAYS, checkpoints.MINUTES = 1, 0.005
sys.exit(main())
"""
ASKED = ("run", "colours", "--strategy", "from_scratch", "--backbone", "bundled", "--epochs", "8", "--patience", "0")


def test_a_command_that_is_killed_goes_on(tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--workspace", str(tmp_path))
    assert main(["import", str(photos), *where]) == 0
    killed = subprocess.Popen([sys.executable, "-c", EAGER, *ASKED, *where], stderr=subprocess.DEVNULL)
    store = Store(tmp_path / "graft.db", write=False)
    wait(lambda: len(_epochs(store)) > 2, 60, "its epochs")
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    before = _epochs(store)
    assert main(["resume", *where]) == 0
    assert "Goes on from step" in capsys.readouterr().err
    assert main(["resume", *where]) == 2, "nothing is left to resume"
    (job,) = store.jobs(kind="train")
    events = [event for _, _, event in store.events(job.id)]
    assert job.status == "done" and isinstance(events[0], Resumed)
    ends = _epochs(store)
    assert [end.epoch for end in ends] == list(range(1, 9))
    assert [_came_to(end) for end in ends[: len(before)]] == [_came_to(end) for end in before]


def test_a_run_that_the_disk_did_not_let_end_goes_on(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "model.safetensors")

    where = ("--workspace", str(tmp_path))
    assert main(["import", str(photos), *where]) == 0
    with monkeypatch.context() as filled:
        filled.setattr(fit, "save_network", full)
        assert main(["run", "colours", "--strategy", "linear_probe", "--backbone", "bundled", *where]) == 2
    said = capsys.readouterr().err
    assert "disk is full" in said and "Resume goes on" in said
    assert main(["resume", *where]) == 0


def _epochs(store: Store) -> list[EpochEnd]:
    runs = store.jobs(kind="train")
    return [event for _, _, event in store.events(runs[0].id) if isinstance(event, EpochEnd)] if runs else []


def _came_to(end: EpochEnd) -> tuple[float | None, ...]:
    return end.step, end.train_loss, end.val_loss
