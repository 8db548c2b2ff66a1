"""Datasets by the one door: undo, thumbnails, which folders a browser may import."""

import io
from pathlib import Path

import pytest
from PIL import Image

from transfer_core.errors import ArchiveError, DatasetError
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


def test_a_dataset_is_renamed_deleted_and_restored(workspace: Workspace, dataset: Dataset) -> None:
    assert workspace.datasets.rename(dataset.id, "  my \n photos ") == "my photos"
    assert workspace.datasets.find("my photos").id == dataset.id
    with pytest.raises(DatasetError, match="name"):
        workspace.datasets.rename(dataset.id, "  ")
    workspace.datasets.delete(dataset.id)
    with pytest.raises(DatasetError, match="my photos"):
        workspace.datasets.find("my photos")
    workspace.datasets.restore(dataset.id)
    assert workspace.datasets.get(dataset.id).classes == dataset.classes


def test_images_come_upright_and_square(workspace: Workspace, dataset: Dataset) -> None:
    tile = Image.open(io.BytesIO(workspace.datasets.thumbnail(dataset, 0, px=64)))
    assert tile.size == (64, 64)


@pytest.mark.parametrize(
    ("path", "says"), [("/etc/passwd", "outside the folders"), ("../../x.zip", "outside"), ("none.zip", "outside")]
)
def test_a_browser_imports_only_from_allowed_folders(
    path: str, says: str, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError, match=says):
        workspace.datasets.import_path(Path(path), allowed=(tmp_path,))
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(ArchiveError, match="outside"):
        workspace.datasets.import_path(tmp_path / "link" / "passwd", allowed=(tmp_path,))
    with pytest.raises(ArchiveError, match="does not exist"):
        workspace.datasets.import_path(tmp_path / "none.zip", allowed=(tmp_path,))


def test_closing_an_import_midway_leaves_nothing(tmp_path: Path, photos: Path) -> None:
    workspace = Workspace(tmp_path)
    job = workspace.datasets.import_path(photos)
    events = workspace.jobs.drive(job)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert workspace.jobs.get(job).status == "stopped" and workspace.datasets.list() == ()
    assert not list((tmp_path / "staging").iterdir()) and not (tmp_path / "datasets").exists()
    workspace.close()
