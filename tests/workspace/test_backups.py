"""Workspaces that are backed up, restored and moved: whole, or refused with nothing left behind."""

import json
import os
import shutil
import sqlite3
import stat
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import EARLIER, draw_photos
from tests.database import database
from tests.driving import drive
from tests.jobs.served import EAGER, long_run, wait
from transfer_core.backbones import BUNDLED
from transfer_core.errors import DatasetError, GraftError
from transfer_core.jobs import process
from transfer_core.types import Dataset, Resumed, RunEnd
from transfer_core.workspace import Workspace, restore_backup
from transfer_core.workspace.sealed import MANIFEST, sealing

MADE_AGAIN = ("features", "logs", "staging", "lock", "graft.db", "graft.db-wal", "graft.db-shm")
TABLES = ("datasets", "samples", "problems", "marks", "said", "ensembles", "jobs", "events", "remarks")


def result(events: Iterator[Any]) -> dict[str, Any]:
    *_, end = events
    assert isinstance(end, RunEnd) and end.status == "done"
    return end.result


@pytest.fixture(scope="module")
def runs(workspace: Workspace, dataset: Dataset) -> tuple[str, ...]:
    """Three finished runs, one of them on the user's own weights, with all that people write of them."""
    workspace.backbones.add(BUNDLED, arch="bundled", name="mine")
    asked = (("linear_probe", "bundled"), ("linear_svm", "bundled"), ("linear_probe", "mine"))
    ids = workspace.runs.submit([workspace.recipes.make(dataset, *each) for each in asked])
    for id in ids:
        drive(workspace, id)
    workspace.runs.rename(ids[0], "the first")
    workspace.remarks.note(dataset.id, "of a camera")
    workspace.studies.count(dataset, "macro-f1")
    workspace.ensembles.make(ids[:2])
    (workspace.root / "runs" / ids[0] / "bundle.zip").write_bytes(b"x" * 3_000_000)
    (workspace.root / "runs" / ids[0] / "half.part").write_bytes(b"x")
    return ids


@pytest.fixture(scope="module")
def backup(workspace: Workspace, runs: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("backup") / "graft.zip"
    found = result(workspace.backups.make(out))
    assert found["runs"] == 3 and found["gone"] == 0 and found["bytes"] == out.stat().st_size
    left = {each["kind"]: each["bytes"] for each in found["left_out"]}
    assert left["exports"] == 3_000_000 and left["features"] > 0 and left["decoded"] > 0
    assert [file.name for file in out.parent.iterdir()] == ["graft.zip"]
    return out


def rows(root: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(root / "graft.db")) as db:
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in TABLES}


def files(root: Path) -> dict[str, bytes]:
    """What is not made again, by its path."""
    found = (file for file in root.rglob("*") if file.is_file())
    return {
        name: file.read_bytes()
        for file in found
        if (name := file.relative_to(root).as_posix()).partition("/")[0] not in MADE_AGAIN
        and not file.name.startswith("pixels-")
        and file.name not in ("bundle.zip", "half.part")
    }


def said(workspace: Workspace, runs: tuple[str, ...], photos: Path) -> Any:
    job = workspace.predictions.submit_paths(runs, [photos / "red"])
    drive(workspace, job)
    return workspace.predictions.get(job).probabilities


def test_a_restored_workspace_is_the_same(
    workspace: Workspace, runs: tuple[str, ...], backup: Path, photos: Path, tmp_path: Path
) -> None:
    place = tmp_path / "new" / "place"
    assert result(restore_backup(backup, place))["runs"] == 3
    assert rows(place) == rows(workspace.root) and files(place) == files(workspace.root)
    with Workspace(place) as restored:
        assert restored.damage() == ()
        assert np.array_equal(said(restored, runs, photos), said(workspace, runs, photos))
    with pytest.raises(GraftError, match="not empty"):
        result(restore_backup(backup, place))


def test_a_backup_while_a_run_trains(
    workspace: Workspace,
    dataset: Dataset,
    runs: tuple[str, ...],
    backup: Path,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, "-c", EAGER))
    root, out = tmp_path / "workspace", tmp_path / "graft.zip"
    result(restore_backup(backup, root))
    with Workspace(root) as trains:
        trains.serve()
        going = long_run(trains, dataset, seed=1)
        wait(lambda: any(root.glob(f"runs/{going}/checkpoints/*.pt")), 30, "a checkpoint")
        with Workspace(root, write=False) as beside:  # as the command does
            result(beside.backups.make(out))
        assert trains.runs.get(going).status == "running"
        trains.jobs.stop(going)
    result(restore_backup(out, tmp_path / "restored"))
    with Workspace(tmp_path / "restored") as restored:
        assert restored.runs.get(going).status == "interrupted"
        assert np.array_equal(said(restored, runs, photos), said(workspace, runs, photos))
        assert restored.runs.resume([going]) == (going,)
        with closing(restored.jobs.drive(going)) as events:  # type: ignore[type-var]
            resumed = next(event for event in events if isinstance(event, Resumed))
        assert resumed.step > 0


def flipped(file: Path, name: str) -> None:
    """Turn a bit in the middle of what an entry holds."""
    with zipfile.ZipFile(file) as packed:
        entry = packed.getinfo(name)
    with file.open("r+b") as opened:
        opened.seek(entry.header_offset + 26)
        start = entry.header_offset + 30 + sum(struct.unpack("<HH", opened.read(4)))
        opened.seek(start + entry.file_size // 2)
        (byte,) = opened.read(1)
        opened.seek(-1, os.SEEK_CUR)
        opened.write(bytes([byte ^ 1]))


def test_damage_is_found_named_and_leaves_nothing(
    runs: tuple[str, ...], dataset: Dataset, backup: Path, tmp_path: Path
) -> None:
    place, broken = tmp_path / "new" / "place", tmp_path / "broken.zip"
    sample = f"datasets/{dataset.id}/samples/{dataset.files[7]}"
    for name in ("graft.db", sample, f"runs/{runs[0]}/predictions.npz", "backbones/mine/weights.safetensors", MANIFEST):
        shutil.copyfile(backup, broken)
        flipped(broken, name)
        with pytest.raises(GraftError, match=name):
            result(restore_backup(broken, place))
        assert not place.parent.exists(), name
    whole = backup.read_bytes()
    for part in (whole[: len(whole) // 2], whole[:-30], b"no zip"):
        broken.write_bytes(part)
        with pytest.raises(GraftError, match="incomplete"):
            result(restore_backup(broken, place))
    place.mkdir(parents=True)
    with closing(restore_backup(backup, place)) as events, pytest.MonkeyPatch.context() as patch:
        patch.setattr("transfer_core.workspace.sealed.TOLD_SECONDS", 0)
        next(events)  # and Ctrl-C
        assert any(place.iterdir())
    assert place.is_dir() and not any(place.iterdir())


def sealed(out: Path, named: dict[str, bytes], *, migrations: tuple[str, ...] = (), facts: Any = None) -> Path:
    """A backup whose checksums are right, whatever it holds."""
    part = out.with_name("one")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transfer_core.workspace.sealed.is_safe", lambda name: True)
        with sealing(out, "workspace", {"migrations": migrations, **(facts or {})}) as written:
            for name, content in named.items():
                part.write_bytes(content)
                written.add(part, name)
    part.unlink()
    return out


@pytest.fixture(scope="module")
def rows_only(backup: Path) -> bytes:
    with zipfile.ZipFile(backup) as packed:
        return packed.read("graft.db")


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../out",
            "/etc/out",
            "runs/../../out/x",
            "runs/a/../../../out",
            "runs\\..\\..\\out",
            "runs//out",
            "runs/./out",
        ),
        *("C:/out/x", "runs/a/C:out", "lock", "token", "other/a/b", "runs/out", "runs/a/\n", "graft.db/x/y", ""),
    ],
)
def test_hostile_names_are_refused(name: str, rows_only: bytes, tmp_path: Path) -> None:
    file = sealed(tmp_path / "hostile.zip", {"graft.db": rows_only, name: b"x"})
    with pytest.raises(GraftError, match="no name of a file in a workspace"):
        result(restore_backup(file, tmp_path / "place"))
    assert [each.name for each in tmp_path.iterdir()] == ["hostile.zip"]


def test_hostile_entries_are_refused(rows_only: bytes, tmp_path: Path) -> None:
    def link(entry: zipfile.ZipInfo) -> None:
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16

    def packed(entry: zipfile.ZipInfo) -> None:
        entry.compress_type = zipfile.ZIP_DEFLATED

    def unnamed(entry: zipfile.ZipInfo) -> None:
        entry.filename = "runs/a/unnamed"

    refused: tuple[tuple[Callable[[zipfile.ZipInfo], None], str], ...] = (
        (link, "no name of a file"),
        (packed, "packed in another way"),
        (unnamed, "is missing"),
    )
    known = sealed(tmp_path / "known.zip", {"graft.db": rows_only, "runs/a/x": b"x" * 100})
    for change, why in refused:
        with zipfile.ZipFile(known) as source, zipfile.ZipFile(tmp_path / "hostile.zip", "w") as target:
            for entry in source.infolist():
                content = source.read(entry)
                if entry.filename == "runs/a/x":
                    change(entry)
                target.writestr(entry, content)
        with pytest.raises(GraftError, match=why):
            result(restore_backup(tmp_path / "hostile.zip", tmp_path / "place"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE jobs SET id = '../../out' WHERE number = 2", "the id of a job"),
        ("UPDATE datasets SET id = '..'", "the id of a dataset"),
        ("UPDATE samples SET file = '../../../etc/passwd' WHERE number = 3", "the file of an image"),
        ("CREATE TRIGGER t AFTER UPDATE ON jobs BEGIN DELETE FROM jobs; END", "a trigger or a view"),
        ("DROP TABLE jobs", "no such table"),
        ("INSERT INTO migrations VALUES ('of tomorrow', 0, '9.0')", "does not know its 'of tomorrow'"),
    ],
)
def test_rows_that_no_graft_wrote_are_refused(change: str, why: str, rows_only: bytes, tmp_path: Path) -> None:
    (tmp_path / "graft.db").write_bytes(rows_only)
    with closing(sqlite3.connect(tmp_path / "graft.db")) as db:
        db.execute(change)
        db.commit()
    file = sealed(tmp_path / "hostile.zip", {"graft.db": (tmp_path / "graft.db").read_bytes()})
    with pytest.raises(GraftError, match=why):
        result(restore_backup(file, tmp_path / "place"))
    assert not (tmp_path / "place").exists()


def test_backups_of_other_grafts(rows_only: bytes, tmp_path: Path) -> None:
    for facts, why in (({"migrations": ["first", "of tomorrow"]}, "'of tomorrow'"), ({"format": 2}, "Update Graft")):
        newer = sealed(tmp_path / "newer.zip", {"graft.db": rows_only}, facts={"version": "9.0", **facts})
        with pytest.raises(GraftError, match=rf"Graft 9\.0.*{why}"):
            result(restore_backup(newer, tmp_path / "place"))
    with zipfile.ZipFile(EARLIER) as earlier:
        older = sealed(
            tmp_path / "older.zip", {name: earlier.read(name) for name in earlier.namelist() if name[-1] != "/"}
        )
    result(restore_backup(older, tmp_path / "place"))
    with Workspace(tmp_path / "place") as restored:
        assert restored.datasets.find("colours") and len(restored.runs.list()) > 10
        assert any((tmp_path / "place" / "backups").iterdir()), "its rows as they were"


def test_places_that_take_no_backup(workspace: Workspace, backup: Path, tmp_path: Path) -> None:
    (tmp_path / "photos.zip").write_bytes(b"mine")
    for out, why in (
        (tmp_path / "graft.tar", r"does not end in \.zip"),
        (tmp_path / "none" / "graft.zip", "There is no folder"),
        (workspace.root / "graft.zip", "in the workspace itself"),
        (tmp_path / "photos.zip", "is no backup of Graft's"),
    ):
        with pytest.raises(GraftError, match=why):
            result(workspace.backups.make(out))
    with pytest.raises(GraftError, match="is no workspace"), Workspace(tmp_path / "empty", write=False) as empty:
        result(empty.backups.make(tmp_path / "graft.zip"))
    again = shutil.copyfile(backup, tmp_path / "again.zip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(10**6, 0, 10**6))  # type: ignore[attr-defined]
        for full in (workspace.backups.make(again), restore_backup(backup, tmp_path / "place")):
            with pytest.raises(GraftError, match=r"1\.0\sMB free"):
                result(full)
    with closing(workspace.backups.make(again)) as events, pytest.MonkeyPatch.context() as patch:
        patch.setattr("transfer_core.workspace.sealed.TOLD_SECONDS", 0)
        next(events)  # and Ctrl-C
        assert len(list(tmp_path.iterdir())) > 2
    assert {each.name for each in tmp_path.iterdir()} == {"photos.zip", "again.zip"}
    assert again.read_bytes() == backup.read_bytes()


def test_images_that_are_gone_are_said(workspace: Workspace, dataset: Dataset, tmp_path: Path) -> None:
    sample = workspace.root / "datasets" / dataset.id / "samples" / dataset.files[0]
    sample.rename(tmp_path / "aside")
    assert result(workspace.backups.make(tmp_path / "graft.zip"))["gone"] == 1
    (tmp_path / "aside").rename(sample)


def test_a_packed_dataset_compares_and_predicts_elsewhere(
    workspace: Workspace, dataset: Dataset, runs: tuple[str, ...], photos: Path, tmp_path: Path
) -> None:
    deleted, waits = workspace.runs.submit(workspace.recipes.repeated(dataset, "linear_probe", seeds=2, per_class=3))
    workspace.runs.delete(deleted)
    out = tmp_path / "colours.zip"
    assert result(workspace.backups.pack(dataset, out))["runs"] == 3
    workspace.jobs.stop(waits)
    with Workspace(tmp_path / "elsewhere") as there:
        drive(there, there.datasets.import_path(draw_photos(tmp_path / "others", 4), name=dataset.name))
        found = result(there.backups.unpack(out))
        assert found["runs"] == list(runs) and not found["known"] and found["backbones"] == ["mine"]
        assert found["packed_name"] == dataset.name and found["name"] == f"{dataset.name} 2"
        assert not any((there.root / "staging").iterdir())
        assert np.array_equal(said(there, runs, photos), said(workspace, runs, photos))
        mine, own = there.comparisons.make(runs), workspace.comparisons.make(runs)
        assert mine.verdict == own.verdict and [each.log_loss for each in mine.scores] == [
            each.log_loss for each in own.scores
        ]
        assert there.ensembles.list(dataset.id) == workspace.ensembles.list(dataset.id)
        assert there.runs.get(runs[0]).remark.name == "the first"
        assert there.remarks.get(dataset.id).note == "of a camera"
        assert there.studies.said(dataset) == workspace.studies.said(dataset)
        assert (
            files(there.root).items()
            >= {
                name: content
                for name, content in files(workspace.root).items()
                if name.startswith(("runs/", "datasets/"))
            }.items()
        )
        again = result(there.backups.unpack(out))
        assert again["known"] and not again["runs"] and again["there"] == list(runs)
        assert len(there.runs.list(dataset.id)) == 3

        (taken,) = there.runs.submit([there.recipes.make(there.datasets.get(dataset.id), "linear_probe", seed=5)])
        there.runs.delete(runs[0])
        there.runs.delete(runs[2])
    with Workspace(tmp_path / "elsewhere") as there:  # what was deleted is gone
        there.runs.rename(taken, "the first")
        entry = there.root / "backbones" / "mine" / "backbone.json"
        entry.write_text(json.dumps({**json.loads(entry.read_text()), "weights": "local-0000"}))
        more = result(there.backups.unpack(out))
        assert more["runs"] == [runs[0]] and more["there"] == [runs[1]] and more["left_out"] == [runs[2]]
        assert more["renamed"] == {runs[0]: "the first 2"} and there.runs.get(runs[0]).remark.name == "the first 2"
        there.datasets.delete(dataset.id)
        with pytest.raises(DatasetError, match="was deleted"):
            result(there.backups.unpack(out))
        there.datasets.restore(dataset.id)
        with database(there) as store, store.write() as db:
            db.execute("UPDATE samples SET path = path || 'x' WHERE dataset = ?", (dataset.id,))
    with Workspace(tmp_path / "elsewhere") as there, pytest.raises(DatasetError, match="another order"):
        result(there.backups.unpack(out))
