"""What takes room in a workspace, and what goes when a kind is freed."""

import os
import re
import time
from pathlib import Path

import pytest

from tests.driving import drive
from transfer_core.errors import DatasetError, GraftError, UnknownJob
from transfer_core.types import Dataset
from transfer_core.workspace import Usage, Workspace


def _usage(workspace: Workspace) -> dict[str, Usage]:
    return {each.kind: each for each in workspace.disk.usage()}


@pytest.fixture(scope="module")
def run(workspace: Workspace, dataset: Dataset) -> str:
    """A finished run with a bundle's file, and what uploads and jobs leave behind."""
    (id,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled")])
    drive(workspace, id)
    (workspace.root / "runs" / id / "bundle.zip").write_bytes(b"x" * 1_000)
    return id


def _bytes(root: Path) -> int:
    return sum(file.stat().st_size for file in root.rglob("*") if file.is_file())


def test_every_file_has_one_kind_and_what_is_freed_is_made_again(
    workspace: Workspace, dataset: Dataset, run: str
) -> None:
    root = workspace.root
    (root / "staging" / "left").mkdir(parents=True)
    (root / "staging" / "left" / "old.zip").write_bytes(b"x" * 500)
    os.utime(root / "staging" / "left" / "old.zip", (time.time() - 3_600,) * 2)
    (root / "staging" / "upload").mkdir()
    (root / "staging" / "upload" / "new.zip").write_bytes(b"x" * 700)
    (root / "logs" / "gone.log").write_bytes(b"x" * 300)
    known = _usage(workspace)
    assert sum(each.bytes for each in known.values() if each.kind != "weights") == _bytes(root)
    assert sum(each.files for each in known.values() if each.kind != "weights") == sum(
        file.is_file() for file in root.rglob("*")
    )
    assert known["exports"].bytes == 1_000 and known["images"].cost == known["models"].cost == ""
    assert re.search(r"again: about [\d.]+\ss in all\.$", known["features"].cost)
    assert known["decoded"].cost.endswith("again: 60 images in all.")
    assert known["staging"].free_bytes == 500 and "a moment ago" in known["staging"].stays

    for kind in ("decoded", "features", "exports", "staging", "logs"):
        freed = workspace.disk.free(kind)
        assert freed.bytes == known[kind].free_bytes > 0, kind
    left = _usage(workspace)
    assert not left.keys() & {"decoded", "features", "exports"}
    assert not (root / "staging" / "left").exists() and (root / "staging" / "upload" / "new.zip").exists()
    assert not (root / "logs" / "gone.log").exists() and workspace.log.exists()
    assert "freed" in workspace.log.read_text()
    for kind in ("images", "models"):
        assert left[kind] == known[kind]
        with pytest.raises(GraftError, match=f"'{kind}' cannot be freed"):
            workspace.disk.free(kind)
    (again,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled")], again=True)
    drive(workspace, again)
    assert workspace.runs.get(again).test_accuracy == workspace.runs.get(run).test_accuracy
    assert _usage(workspace)["features"].files == known["features"].files


def test_what_a_job_needs_stays_and_that_is_said(workspace: Workspace, dataset: Dataset, run: str) -> None:
    before = _usage(workspace)
    assert before["features"].free_bytes == before["features"].bytes > 0 and not before["features"].stays
    (waits,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_svm", "bundled")])
    for kind in ("features", "decoded"):
        known = _usage(workspace)[kind]
        assert known.free_bytes == 0 and f"a job is at work on {dataset.name}" in known.stays
        freed = workspace.disk.free(kind)
        assert freed.bytes == freed.files == 0 and freed.stays == known.stays
    workspace.jobs.stop(waits)
    assert workspace.disk.free("features").bytes == before["features"].bytes


def test_what_was_deleted_goes_for_good_unless_something_works_on_it(
    workspace: Workspace, dataset: Dataset, run: str
) -> None:
    (importing, (also,)) = (
        workspace.datasets.import_path(workspace.datasets.folder(dataset) / "samples"),
        workspace.runs.submit([workspace.recipes.make(dataset, "linear_svm", "bundled")]),
    )
    workspace.runs.delete(also)
    workspace.datasets.delete(dataset.id)
    known = _usage(workspace)
    assert known.keys().isdisjoint({"images", "decoded", "models"}) and known["removed"].free_bytes == 0
    assert "images come in" in workspace.disk.free("removed").stays
    workspace.datasets.restore(dataset.id)
    workspace.datasets.delete(dataset.id)
    workspace.jobs.stop(importing)
    assert workspace.disk.free("removed").bytes == known["removed"].bytes
    assert not (workspace.root / "datasets" / dataset.id).exists() and not (workspace.root / "runs" / run).exists()
    assert workspace.jobs.list(kind="train") == () and "removed" not in _usage(workspace)
    with pytest.raises(DatasetError, match="no dataset"):
        workspace.datasets.restore(dataset.id)
    with pytest.raises(UnknownJob):
        workspace.runs.restore(run)


def test_who_only_reads_sees_it_and_changes_nothing(workspace: Workspace) -> None:
    with Workspace(workspace.root, write=False) as reader:
        assert reader.disk.usage() and reader.settings.get()
        with pytest.raises(GraftError, match="not open for writing"):
            reader.disk.free("logs")
        with pytest.raises(GraftError, match="not open for writing"):
            reader.settings.change(first_model=False)
