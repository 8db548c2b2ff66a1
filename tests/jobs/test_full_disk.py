"""A disk that is really full, during import and training: a small tmpfs, or a limit on the size of files."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from tests.jobs.disks import Disk, limited, mounted
from tests.jobs.served import ended, wait
from transfer_core.data import intake
from transfer_core.errors import GraftError
from transfer_core.jobs import lane, process
from transfer_core.training.checkpoints import Checkpoints
from transfer_core.workspace import Workspace

DISK_MB = 16
# A worker that begins although the disk is small, so that the disk fills under it.
BOLD = """
from transfer_core.data import intake, pixels
from transfer_core.jobs import worker
intake.SPARE_BYTES = pixels.SPARE_BYTES = -(1 << 40)
worker.main()
"""


@pytest.fixture
def disk() -> Iterator[Disk]:
    with mounted(DISK_MB) as small, limited() as other:
        yield small or other


def test_a_disk_with_too_little_room_holds_the_queue_too(disk: Disk, photos: Path) -> None:
    """It is small, so that no training may begin: the first says so, the others wait."""
    if not os.path.ismount(disk.root):
        pytest.skip("a disk of its own cannot be mounted here")
    workspace = Workspace(disk.root / "workspace")
    _imported(workspace, photos)
    dataset = workspace.datasets.get(workspace.datasets.list()[0].id)
    runs = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", seed=seed) for seed in range(2)])
    workspace.serve()
    try:
        assert "of spare room on the disk" in ended(workspace, runs[0]).error
        wait(lambda: any("Free some space" in words for words in workspace.jobs.troubles()), 5, "the trouble")
        assert workspace.jobs.get(runs[1]).status == "queued"
        workspace.jobs.stop(runs[1])
        wait(lambda: not workspace.jobs.troubles(), 10, "the end of the trouble: nothing waits")
    finally:
        workspace.close()


def test_a_checkpoint_that_has_no_room_says_so_and_leaves_the_last(disk: Disk) -> None:
    """torch alone would not say why."""
    kept = Checkpoints(disk.root / "checkpoints")
    kept.save(1, {"weights": torch.ones(10)})
    disk.fill()
    with pytest.raises(OSError, match=r"(No space left|File too large).*checkpoints"):
        kept.save(2, {"weights": torch.ones(1_000_000)})
    disk.free()
    found = kept.newest()
    assert found is not None and found["weights"].sum() == 10


def _imported(workspace: Workspace, photos: Path) -> None:
    """An import in this process, which does not look for room."""
    intake.SPARE_BYTES, before = -(1 << 40), intake.SPARE_BYTES
    try:
        for _ in workspace.jobs.drive(workspace.datasets.import_path(photos)):
            pass
    finally:
        intake.SPARE_BYTES = before


def test_a_full_disk_ends_what_runs_holds_the_queue_and_lets_it_go_on(
    disk: Disk, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", BOLD))
    workspace = Workspace(disk.root / "workspace")
    workspace.serve()
    try:
        images = ended(workspace, workspace.datasets.import_path(photos))
        dataset = workspace.datasets.get(images.result["id"])
        wait(lambda: bool(workspace.jobs.devices()), 60, "the worker's start")
        recipes = [workspace.recipes.make(dataset, "small_cnn", epochs=3, seed=seed) for seed in range(2)]

        disk.fill()
        runs = []
        with suppress(GraftError):  # the queue itself may not take it
            runs = [workspace.runs.submit([recipe])[0] for recipe in recipes]
        example = None
        with suppress(GraftError):
            example = workspace.datasets.import_example("wallpaper")
        if runs:
            job = ended(workspace, runs[0])
            assert job.status == "interrupted" and "disk" in job.error, job.error
            wait(lambda: bool(workspace.jobs.troubles()), 20, "the trouble")
            assert "Free some space" in workspace.jobs.troubles()[0]
            assert workspace.jobs.get(runs[1]).status == "queued", "what waits is not spoilt"
        if example is not None:
            job = ended(workspace, example)
            assert job.status == "failed" and "disk" in job.error, job.error
            assert len(workspace.datasets.list()) == 1
            assert not list((workspace.root / "staging").glob(f"{example}/*"))
        assert runs or example

        disk.free()
        wait(lambda: not workspace.jobs.troubles(), 20, "the end of the trouble")
        if runs:
            assert ended(workspace, runs[1]).status == "done", "it goes on by itself"
        (again,) = workspace.runs.submit([recipes[0]])
        assert ended(workspace, again).status == "done"
        assert workspace.damage() == ()
    finally:
        disk.free() if (disk.root / "ballast").exists() else None
        workspace.close()
