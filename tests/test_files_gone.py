"""What is gone or damaged on the disk: the same images bring a dataset's files back, and a model says what it lacks."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from transfer_core.backbones import SMALL_CNN
from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import load
from transfer_core.errors import DatasetError
from transfer_core.training.checkpoint import CARD, WEIGHTS, load_network, save_network
from transfer_core.types import Dataset, Recipe
from transfer_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with contextlib.closing(Workspace(tmp_path / "workspace")) as opened:
        yield opened


def taken(workspace: Workspace, photos: Path) -> Dataset:
    (*_, end) = workspace.drive(workspace.import_path(photos))
    if end.status == "failed":
        raise DatasetError(end.error)
    return workspace.dataset(end.result["id"])


@pytest.mark.parametrize("whole_folder", [True, False])
@pytest.mark.parametrize("deleted", [True, False])
def test_the_same_images_bring_back_files_that_are_gone(
    whole_folder: bool, deleted: bool, workspace: Workspace, photos: Path
) -> None:
    dataset = taken(workspace, photos)
    folder = workspace.root / "datasets" / dataset.id
    before = [workspace.image(dataset, i) for i in range(len(dataset))]
    if whole_folder:
        shutil.rmtree(folder)
    else:
        (folder / "samples" / dataset.files[3]).unlink()
    with pytest.raises(DatasetError, match="are gone"):
        workspace.thumbnail(dataset, 3)
    if deleted:
        workspace.delete_dataset(dataset.id)
    again = taken(workspace, photos)
    assert again.id == dataset.id and [workspace.image(again, i) for i in range(len(again))] == before


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


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        (CARD, b"", "damaged"),
        (CARD, b"[1, 2]", "damaged"),
        (CARD, b'{"backbone": {"taps": []}}', "damaged"),
        (WEIGHTS, b"", "damaged"),
        (WEIGHTS, bytes(range(256)) * 9, "damaged"),
        (WEIGHTS, None, "holds no trained model"),
    ],
)
def test_a_damaged_model_is_a_sentence(file: str, content: bytes | None, says: str, tmp_path: Path) -> None:
    run = tmp_path / "run"
    network = Network(load(SMALL_CNN, random_init=True), SMALL_CNN, 2, taps=("stage4",))
    recipe = Recipe(dataset="d", backbone="small_cnn", weights="random", version=1, strategy="small_cnn")
    save_network(network, ("a", "b"), recipe, run)
    assert load_network(run, torch.device("cpu"))[1] == ("a", "b")
    (run / file).unlink()
    if content is not None:
        (run / file).write_bytes(content)
    with pytest.raises(DatasetError, match=says):
        load_network(run, torch.device("cpu"))
