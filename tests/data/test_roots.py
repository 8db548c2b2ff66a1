"""What lies in an import root is opened after it was checked: when it was swapped for a link, that is not followed."""

import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.conftest import draw_photos
from transfer_core.data.archive import LISTED, opened
from transfer_core.data.layout import plan
from transfer_core.data.roots import import_roots
from transfer_core.data.tables import beside, from_file
from transfer_core.errors import ArchiveError
from transfer_core.workspace import Workspace


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """What nobody may see: images and a table outside of the import root."""
    folder = draw_photos(tmp_path / "secret" / "photos", per_class=4, px=54).parent
    (folder / "labels.csv").write_text("file,label\n1.png,secret\n")
    return folder


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The import root, with a folder of images some folders down."""
    draw_photos(tmp_path / "shared" / "lab" / "photos", per_class=4)
    monkeypatch.setenv("GRAFT_IMPORT_ROOTS", str(tmp_path / "shared"))
    return import_roots()[0]


def swap(place: Path, to: Path) -> None:
    place.rename(place.with_name("was"))
    place.symlink_to(to)


@pytest.mark.parametrize("part", ["lab", "lab/photos"])
def test_a_folder_that_became_a_link_before_it_is_opened_is_refused(shared: Path, secret: Path, part: str) -> None:
    source = shared / "lab" / "photos"
    swap(shared / part, secret if part == "lab" else secret / "photos")
    assert source.is_dir()
    with pytest.raises(ArchiveError, match="it is a link, or lies in one"), opened(source):
        pass


def test_a_folder_that_became_a_link_while_it_is_read_is_refused(shared: Path, secret: Path) -> None:
    source = shared / "lab" / "photos"
    with opened(source) as archive:
        members = {member.path: member for member in archive.members}
        assert archive.read(members["red/1.png"]) == (source / "red" / "1.png").read_bytes()
        swap(source / "red", secret / "photos" / "red")
        with pytest.raises(ArchiveError, match="it is a link, or lies in one"):
            archive.read(members["red/1.png"])
        with pytest.raises(ArchiveError, match="it is a link, or lies in one"), archive.stream(members["red/1.png"]):
            pass
        swap(source, secret / "photos")  # the folder that was opened is read on, whatever its name leads to
        assert archive.read(members["green/1.png"]) == (source.with_name("was") / "green" / "1.png").read_bytes()


def test_an_archive_that_became_a_link_is_refused(shared: Path, secret: Path) -> None:
    with zipfile.ZipFile(secret / "photos.zip", "w") as packed:
        packed.write(secret / "photos" / "red" / "1.png", "red/1.png")
    source = shared / "photos.zip"
    source.write_bytes((secret / "photos.zip").read_bytes())
    with opened(source) as archive:
        assert len(archive.members) == 1
    swap(source, secret / "photos.zip")
    with pytest.raises(ArchiveError, match="it is a link"), opened(source):
        pass
    source.unlink()
    os.mkfifo(source)  # which would be waited for
    with pytest.raises(ArchiveError, match="no file or folder"), opened(source):
        pass


def test_a_table_that_is_a_link_is_not_read(shared: Path, secret: Path) -> None:
    table = shared / "lab" / "labels.csv"
    table.write_text("file,label\n1.png,own\n")
    assert beside(shared / "lab" / "photos") == (table,)
    swap(table, secret / "labels.csv")
    assert beside(shared / "lab" / "photos") == ()
    with pytest.raises(ArchiveError, match="it is a link"):
        from_file(table)


def test_a_list_in_a_folder_names_nothing_elsewhere(shared: Path, secret: Path) -> None:
    """A folder of uploads has a list of names, `files.json`; a folder of a user's may have one too."""
    source = shared / "lab" / "photos"
    for names in (
        {"../../../secret/photos/red/1.png": "red/a.png"},
        {"/etc/passwd": "red/a.png"},
        ["red"],
        {},
        {"a": 1},
    ):
        (source / LISTED).write_text(json.dumps(names))
        with opened(source) as archive:
            assert set(plan(archive, "photos").classes) == {"blue", "green", "red"}


def test_a_swap_between_the_look_and_the_import_ends_the_import(shared: Path, secret: Path, tmp_path: Path) -> None:
    with Workspace(tmp_path / "work") as workspace:
        job = workspace.datasets.import_path(shared / "lab" / "photos", allowed=import_roots())
        swap(shared / "lab" / "photos", secret / "photos")
        for _ in workspace.jobs.drive(job):
            pass
        assert "it is a link" in workspace.jobs.get(job).error
        assert not workspace.datasets.list()


def test_elsewhere_the_path_itself_may_lead_by_links(secret: Path, tmp_path: Path) -> None:
    """As with a folder that somebody names on the command line."""
    (tmp_path / "link").symlink_to(secret)
    with opened(tmp_path / "link") as archive:
        assert len([member for member in archive.members if not member.refusal]) >= 12
