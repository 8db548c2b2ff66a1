"""Files of a dataset that are gone from the disk: the same images bring them back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from transfer_core.errors import DatasetError
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace(tmp_path / "workspace") as opened:
        yield opened


def taken(workspace: Workspace, photos: Path) -> Dataset:
    (*_, end) = workspace.jobs.drive(workspace.datasets.import_path(photos))
    if end.status == "failed":
        raise DatasetError(end.error)
    return workspace.datasets.get(end.result["id"])


@pytest.mark.parametrize("whole_folder", [True, False])
@pytest.mark.parametrize("deleted", [True, False])
def test_the_same_images_bring_back_files_that_are_gone(
    whole_folder: bool, deleted: bool, workspace: Workspace, photos: Path
) -> None:
    dataset = taken(workspace, photos)
    folder = workspace.root / "datasets" / dataset.id
    before = [workspace.datasets.image(dataset, i) for i in range(len(dataset))]
    if whole_folder:
        shutil.rmtree(folder)
    else:
        (folder / "samples" / dataset.files[3]).unlink()
    with pytest.raises(DatasetError, match="are gone"):
        workspace.datasets.thumbnail(dataset, 3)
    if deleted:
        workspace.datasets.delete(dataset.id)
    again = taken(workspace, photos)
    assert again.id == dataset.id and [workspace.datasets.image(again, i) for i in range(len(again))] == before


def test_images_under_other_names_are_not_taken_for_files_that_are_gone(
    workspace: Workspace, photos: Path, tmp_path: Path
) -> None:
    dataset = taken(workspace, photos)
    other = shutil.copytree(photos, tmp_path / "other")
    for name in ("red", "blue"):
        first, second = sorted((other / name).iterdir())[:2]
        first.rename(other / name / "zzz.png")
        second.rename(first)
    assert taken(workspace, other).id == dataset.id, "the same images"
    (workspace.root / "datasets" / dataset.id / "samples" / dataset.files[3]).unlink()
    with pytest.raises(DatasetError, match="1 of its 60 files are gone"):
        taken(workspace, other)
