"""Corrected versions by the one door: drafts that last, a new dataset beside the old one."""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.driving import drive
from tests.test_cli import here
from transfer_core.errors import DatasetError
from transfer_core.types import TRAIN, Dataset, Mark
from transfer_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path, small_networks: None) -> Iterator[Workspace]:
    opened = Workspace(tmp_path / "work")
    yield opened
    opened.close()


@pytest.fixture
def dataset(workspace: Workspace, photos: Path) -> Dataset:
    return workspace.datasets.get(drive(workspace, workspace.datasets.import_path(photos)).result["id"])


def drafts(dataset: Dataset) -> list[Mark]:
    """One label changed and two images dropped, in train."""
    first, *_, last = dataset.rows(TRAIN).tolist()
    label = (int(dataset.labels[first]) + 1) % 3
    return [Mark(sample=first, label=label), Mark(sample=last, label=None), Mark(sample=last - 1, label=None)]


def files(folder: Path) -> dict[str, str]:
    found = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in found}


def test_marks_are_kept_and_taken_back(workspace: Workspace, dataset: Dataset) -> None:
    workspace.corrections.mark(dataset, drafts(dataset))
    first, second, third = workspace.corrections.marks(dataset)
    assert {first, second, third} == set(drafts(dataset)) and first.sample < second.sample < third.sample
    with pytest.raises(DatasetError, match="no image number 60"):
        workspace.corrections.mark(dataset, [Mark(sample=1, label=None), Mark(sample=60, label=None)])
    with pytest.raises(DatasetError, match="no class number 3"):
        workspace.corrections.mark(dataset, [Mark(sample=1, label=3)])
    assert len(Workspace(workspace.root, write=False).corrections.marks(dataset)) == 3, (
        "kept on disk, whatever was refused"
    )
    workspace.corrections.mark(dataset, [Mark(sample=first.sample, label=None)])
    assert workspace.corrections.marks(dataset)[0].label is None
    workspace.corrections.mark(dataset, [Mark(sample=first.sample, label=int(dataset.labels[first.sample]))])
    assert workspace.corrections.marks(dataset) == (second, third), "its own label takes a mark back"
    workspace.corrections.unmark(dataset, [second.sample])
    assert workspace.corrections.marks(dataset) == (third,)
    workspace.corrections.unmark(dataset)
    assert workspace.corrections.marks(dataset) == ()
    with pytest.raises(DatasetError, match="nothing to correct"):
        workspace.corrections.submit(dataset)


def test_a_corrected_version_stands_beside_the_old_one_and_is_trained_on(
    workspace: Workspace, dataset: Dataset
) -> None:
    (run,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe")])
    drive(workspace, run)
    folder = workspace.root / "datasets" / dataset.id
    before, row = files(folder), workspace.datasets.get(dataset.id)
    workspace.corrections.mark(dataset, drafts(dataset))
    assert workspace.corrections.made(dataset) is None
    job = workspace.corrections.submit(dataset)
    assert workspace.corrections.submit(dataset) == job, "pressed twice"
    end = drive(workspace, job)
    assert end.result["known"] is False and end.result["name"] == "colours, 3 corrected"
    made = workspace.corrections.made(dataset)
    assert made is not None and (made.id, made.images) == (end.result["id"], 58)

    assert files(folder) == before
    after = workspace.datasets.get(dataset.id)
    assert (after.labels == row.labels).all() and after.paths == row.paths and after.name == row.name
    assert after.problems == row.problems and workspace.runs.get(run).recipe.dataset == dataset.id
    new = workspace.datasets.find("colours, 3 corrected")
    relabelled = drafts(dataset)[0]
    assert new.labels[relabelled.sample] == relabelled.label != row.labels[relabelled.sample]
    assert workspace.datasets.image(new, relabelled.sample) == workspace.datasets.image(dataset, relabelled.sample)
    assert len(workspace.corrections.marks(dataset)) == 3 and not workspace.corrections.marks(new), (
        "drafts stay with what they are of"
    )

    again = drive(workspace, workspace.corrections.submit(dataset))
    assert again.result["known"] is True and again.result["id"] == new.id and len(workspace.datasets.list()) == 2

    recipe = workspace.recipes.from_json(asdict(workspace.runs.get(run).recipe), new)
    (anew,) = workspace.runs.submit([recipe])
    assert anew != run and drive(workspace, anew).result["test_accuracy"] > 0.5
    workspace.datasets.delete(dataset.id)
    workspace.close()
    reopened = Workspace(workspace.root)
    assert not folder.exists() and reopened.corrections.marks(dataset) == ()
    assert reopened.datasets.image(new, 0) and [found.id for found in reopened.datasets.list()] == [new.id]
    reopened.close()


def test_what_cannot_be_made_is_said_before_a_job_is_queued(workspace: Workspace, dataset: Dataset) -> None:
    reds = [int(row) for row in dataset.rows(TRAIN) if dataset.classes[dataset.labels[row]] == "red"]
    workspace.corrections.mark(dataset, [Mark(sample=row, label=None) for row in reds])
    with pytest.raises(DatasetError, match="No training image of 'red'"):
        workspace.corrections.submit(dataset)
    assert workspace.corrections.job(dataset) is None


def test_a_dataset_that_goes_away_meanwhile_fails_the_job_and_leaves_nothing(
    workspace: Workspace, dataset: Dataset
) -> None:
    workspace.corrections.mark(dataset, drafts(dataset))
    job = workspace.corrections.submit(dataset)
    gone = workspace.root / "datasets" / dataset.id / "samples" / dataset.files[5]
    gone.unlink()
    *_, end = workspace.jobs.drive(job)
    assert end.status == "failed" and "cannot be taken over" in end.error
    assert [row.id for row in workspace.datasets.list()] == [dataset.id]
    assert not list((workspace.root / "staging").iterdir())


def test_a_workspace_of_an_earlier_graft_has_no_marks_until_it_is_opened_to_write(
    workspace: Workspace, dataset: Dataset
) -> None:
    workspace.close()
    with sqlite3.connect(workspace.root / "graft.db") as db:
        db.execute("DROP TABLE marks")
        db.execute("DELETE FROM migrations WHERE name LIKE 'marks%'")
    db.close()
    assert Workspace(workspace.root, write=False).corrections.marks(dataset) == ()
    reopened = Workspace(workspace.root)
    reopened.corrections.mark(dataset, drafts(dataset))
    assert len(reopened.corrections.marks(dataset)) == 3
    reopened.close()


def test_the_command_line_makes_a_corrected_version(workspace: Workspace, dataset: Dataset, tmp_path: Path) -> None:
    workspace.close()
    first, second = drafts(dataset)[:2]
    assert first.label is not None
    (tmp_path / "marks.csv").write_text(
        f"file,new label,drop\n{dataset.paths[first.sample]},{dataset.classes[first.label]},\n"
        f"{dataset.paths[second.sample]},,yes\n"
    )
    made = here("correct", "colours", str(tmp_path / "marks.csv"), root=workspace.root)
    assert made["name"] == "colours, 2 corrected" and sum(made["splits"].values()) == 59 and made["problems"] == 1
    again = here("correct", dataset.id, str(tmp_path / "marks.csv"), root=workspace.root)
    assert again["dataset"] == made["dataset"] != dataset.id
    (tmp_path / "marks.csv").write_text("file,drop\n")
    assert "nothing to correct" in here("correct", "colours", str(tmp_path / "marks.csv"), root=workspace.root, code=2)
