"""The file itself: newer, older, damaged, locked away, or on a disk that may only be read."""

import os
import shutil
import sqlite3
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import EARLIER
from tests.store.test_store import dataset, queue
from transfer_core import __version__
from transfer_core.errors import StoreError, WorkspaceDamaged, WorkspaceTooNew
from transfer_core.store import Store
from transfer_core.store.database import Database
from transfer_core.store.schema import MIGRATIONS
from transfer_core.workspace import Workspace


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A small workspace as Graft 0.1.0 left it: its runs, repeats, measurements, marks; its models left out."""
    with zipfile.ZipFile(EARLIER) as archive:
        archive.extractall(tmp_path / "earlier")
    return tmp_path / "earlier"


def test_an_earlier_workspace_opens_repeats_and_compares_unchanged(earlier: Path) -> None:
    before = sqlite3.connect(earlier / "graft.db")
    ids = dict(before.execute("SELECT id, recipe FROM jobs WHERE kind = 'train' AND deleted IS NULL"))
    before.close()
    workspace = Workspace(earlier)
    try:
        (row,) = workspace.datasets.list()
        found = workspace.datasets.get(row.id)
        runs = {run.id: run for run in workspace.runs.list(found.id)}
        assert {id: run.recipe.id for id, run in runs.items()} == ids, "recipes keep their ids"
        done = [run for run in runs.values() if run.status == "done"]
        assert workspace.runs.submit([run.recipe for run in done]) == tuple(run.id for run in done), (
            "nothing is repeated"
        )
        tried = workspace.jobs.list(kind="rates")[0].id
        assert workspace.studies.find_rate(found, workspace.recipes.make(found, "fine_tune_all", "bundled")) == tried
        assert [run.status for run in runs.values()].count("queued") == 1, "what waited still does"
        groups = workspace.runs.repeats(found.id)
        assert (
            sorted(len(group.runs) for group in groups) == [2, 2, 2, 3]
            and len(workspace.comparisons.resampled(found.id)) == 1
        )
        whole = [run.id for run in done if not run.recipe.folds]
        comparison = workspace.comparisons.make(whole)
        assert [score.accuracy for score in comparison.scores] == [runs[id].test_accuracy for id in whole]
        assert comparison.verdict.choice == "7f32568d", "as Graft 0.1.0 has it"
        assert (
            workspace.studies.measured(found, "bundled") is not None
            and workspace.studies.said(found).similarity == "different"
        )
        assert len(workspace.corrections.marks(found)) == 2 and workspace.datasets.thumbnail(found, 0)
        (copy,) = (earlier / "backups").iterdir()
        assert sqlite3.connect(copy).execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        workspace.close()


def test_an_earlier_recipe_trains_to_the_same_predictions(earlier: Path) -> None:
    """To the byte on one machine; processors round in ways of their own, so here to 1e-3."""
    workspace = Workspace(earlier)
    for strategy in ("linear_probe", "linear_svm"):
        runs = [run for run in workspace.runs.list() if run.status == "done" and run.recipe.strategy == strategy]
        old = next(run for run in runs if run.recipe == replace(run.recipe, folds=0, fold=0, per_class=0, seed=0))
        (new,) = workspace.runs.submit([old.recipe], again=True)
        for _ in workspace.jobs.drive(new):
            pass
        before, now = vars(workspace.runs.predictions(old.id)), vars(workspace.runs.predictions(new))
        for name, values in before.items():
            np.testing.assert_allclose(now[name], values, atol=1e-3, err_msg=f"{strategy}: {name}")
    workspace.close()


def test_an_earlier_workspace_is_read_without_being_changed(earlier: Path) -> None:
    was = (earlier / "graft.db").read_bytes()
    workspace = Workspace(earlier, write=False)
    assert len(workspace.runs.list()) == 18 and workspace.corrections.marks(workspace.datasets.find("colours"))
    assert (earlier / "graft.db").read_bytes() == was and not (earlier / "backups").exists()
    workspace.close()


def test_what_a_newer_graft_wrote_is_refused_with_its_version(tmp_path: Path) -> None:
    file = tmp_path / "graft.db"
    store = Store(file, write=True)
    with store.write() as db:
        db.execute("INSERT INTO migrations VALUES ('samples in three dimensions', 4e9, '7.1.0')")
    store.close()
    was = file.read_bytes()
    for write in (True, False):
        with pytest.raises(WorkspaceTooNew, match=r"Graft 7\.1\.0.*Update Graft") as caught:
            Store(file, write=write)
        assert __version__ in str(caught.value) and "three dimensions" in str(caught.value)
    assert file.read_bytes() == was


@pytest.mark.parametrize("how", ["garbage", "cut", "a page"])
def test_a_damaged_database_is_found_at_the_start(how: str, tmp_path: Path) -> None:
    file = tmp_path / "graft.db"
    store = Store(file, write=True)
    store.add_dataset(dataset())
    store.close()
    content = bytearray(file.read_bytes())
    if how == "garbage":
        content[:100] = os.urandom(100)
    elif how == "cut":
        content = content[: len(content) // 2]
    else:
        content[5 * 4096 : 9 * 4096] = bytes(4 * 4096)
    file.write_bytes(content)
    with pytest.raises(WorkspaceDamaged, match=r"is damaged.*Move it away"):
        Store(file, write=True)
    assert file.read_bytes() == content, "nothing is changed"


def test_damage_is_found_on_demand(tmp_path: Path) -> None:
    store = Store(tmp_path / "graft.db", write=True)
    store.add_dataset(dataset())
    assert store.damage() == ()
    with store.write() as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'jobs_by_status'")
    assert store.damage()
    store.close()


def test_an_emptied_database_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "graft.db").touch()
    Store(tmp_path / "graft.db", write=True).close()
    (tmp_path / "graft.db").write_bytes(b"")
    (tmp_path / "datasets" / "d").mkdir(parents=True)
    with pytest.raises(WorkspaceDamaged, match="is empty, though there are datasets"):
        Store(tmp_path / "graft.db", write=True)


def test_runs_go_with_their_dataset_however_they_were_undone(tmp_path: Path) -> None:
    store = Store(tmp_path / "graft.db", write=True)
    store.add_dataset(dataset())
    queue(store, "a")
    store.claim(["auto"], "cpu")
    queue(store, "b", recipe="other")
    store.mark_job("a", deleted=1.0)
    store.delete_dataset("d1")
    assert (store.job("a").status, store.job("b").status) == ("stopping", "stopped"), "stopped with it, in one step"
    store.mark_job("a", deleted=None)
    assert store.purge() == (["d1"], ["a", "b"])
    store.close()


def test_no_copy_no_change(earlier: Path) -> None:
    (earlier / "backups").write_text("a file where the folder should be")
    was = (earlier / "graft.db").read_bytes()
    with pytest.raises(StoreError, match=r"no copy of it.*Nothing was changed"):
        Workspace(earlier)
    assert (earlier / "graft.db").read_bytes() == was
    (earlier / "backups").unlink()
    Workspace(earlier).close()


def test_a_log_that_was_not_written_back_is_read_from_a_folder_that_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "graft.db", write=True)
    store.add_dataset(dataset())
    queue(store, "a")
    copy = tmp_path / "copy"
    copy.mkdir()
    for ending in ("", "-wal"):  # as a colleague's disk, mounted while their Graft was open
        shutil.copy(tmp_path / f"graft.db{ending}", copy / f"graft.db{ending}")
    store.close()

    def refused(self: Database) -> sqlite3.Connection:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(Database, "_reader", refused)  # root may write anywhere
    reader = Store(copy / "graft.db", write=False)
    assert [row[0] for row in reader.dataset_rows()] == ["d1"] and reader.job("a").status == "queued"
    assert sorted(file.name for file in copy.iterdir()) == ["graft.db", "graft.db-wal"]
    reader.close()


def test_a_dataset_is_read_as_it_was_at_one_moment(tmp_path: Path) -> None:
    """While another thread writes other rows under the same id again and again."""
    store = Store(tmp_path / "graft.db", write=True)
    zero = dataset().labels * 0
    versions = [replace(dataset(), labels=zero + k, classes=(str(k), "b"), created=float(k)) for k in (0, 1)]
    store.add_dataset(versions[0])
    over = threading.Event()

    def write() -> None:
        for turn in range(30):
            store.add_dataset(versions[(turn + 1) % 2])
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    reader = Store(store.file, write=False)
    while not over.is_set():
        found = reader._whole_dataset("d1", 0.0) or reader._whole_dataset("d1", 1.0)
        assert found is None or {str(label) for label in found.labels.tolist()} == {found.classes[0]}
    writer.join()
    store.close()


def test_undo_brings_runs_back_after_the_same_images_came_in_again(tmp_path: Path, photos: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    (first,) = [end for *_, end in [list(workspace.jobs.drive(workspace.datasets.import_path(photos)))]]
    found = workspace.datasets.get(first.result["id"])  # type: ignore[union-attr]
    (run,) = workspace.runs.submit([workspace.recipes.make(found, "linear_probe")])
    for _ in workspace.jobs.drive(run):
        pass
    features = sorted((workspace.root / "features").iterdir())
    workspace.datasets.delete(found.id)
    renamed = tmp_path / "other"
    shutil.copytree(photos, renamed)
    for number, file in enumerate(sorted(renamed.glob("red/*.png"), reverse=True)):
        file.rename(file.with_name(f"new-{number:03d}.png"))  # the same images in another order
    *_, again = workspace.jobs.drive(workspace.datasets.import_path(renamed))
    assert again.result["id"] == found.id and again.result["known"] is False  # type: ignore[union-attr]
    back = workspace.datasets.get(found.id)
    assert back.files == found.files and back.paths == found.paths, "rows keep their numbers"
    assert sorted((workspace.root / "features").iterdir()) == features and workspace.runs.list(found.id) == ()
    workspace.datasets.restore(found.id)
    assert [each.id for each in workspace.runs.list(found.id)] == [run]
    workspace.datasets.delete(found.id)
    workspace.close()
    anew = Workspace(tmp_path / "workspace")
    *_, end = anew.jobs.drive(anew.datasets.import_path(renamed))
    late = anew.datasets.get(end.result["id"])  # type: ignore[union-attr]
    assert late.paths != found.paths, "numbered anew"
    assert not list((anew.root / "features").glob(f"{late.id}-*")), "so nothing of the old numbers is left"
    anew.close()


def test_migrations_are_never_changed() -> None:
    """Names of those that workspaces out there have: a new one goes to the end."""
    assert [name for name, _ in MIGRATIONS][:4] == [
        "first",
        "timings of backbones are called speed",
        "what was said",
        "marks for a corrected version",
    ]
