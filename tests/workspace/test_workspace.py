"""What a restart keeps and what it clears."""

from pathlib import Path

from tests.driving import drive
from transfer_core.workspace import Workspace


def test_a_restart_clears_what_was_deleted_and_half_done(tmp_path: Path, photos: Path) -> None:
    first = Workspace(tmp_path)
    dataset = first.datasets.get(drive(first, first.datasets.import_path(photos)).result["id"])
    run = first.runs.submit([first.recipes.make(dataset, "linear_probe")])[0]
    drive(first, run)
    first.datasets.delete(dataset.id)
    assert (tmp_path / "datasets" / dataset.id).exists(), "undo is possible until the next start"
    (tmp_path / "staging" / "half").mkdir()
    (tmp_path / "features" / "other.npz.12.part").touch()
    first.close()
    second = Workspace(tmp_path)
    gone = [tmp_path / "datasets" / dataset.id, tmp_path / "runs" / run, tmp_path / "staging" / "half"]
    assert [folder for folder in gone if folder.exists()] == []
    assert list((tmp_path / "features").iterdir()) == []
    second.close()
