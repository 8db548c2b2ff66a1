"""What was given is shown before it is taken in; a look that takes long can be ended; a broken archive says so."""

import io
import zipfile
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.kit.preview import Given
from transfer_core.workspace import Upload, Workspace

PAGE = Path(shell.__file__).parents[1] / "pages" / "data.py"


def drawn(opened: Workspace, source: Upload | Path, *, patience: float = 60) -> tuple[AppTest, Given]:
    """The page with what was given; it waits so long for it."""
    given = Given(source, opened.datasets.look(source))
    given.look.take(patience, pictures=True)
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.session_state[state.opened.key] = True
    page.session_state[state.given.key] = given
    return page.run(), given


def upload(opened: Workspace, files: dict[str, bytes]) -> Upload:
    return opened.datasets.keep_upload([(name, io.BytesIO(data)) for name, data in files.items()])


def words(page: AppTest) -> str:
    return " ".join(str(each.value) for each in (*page.subheader, *page.markdown, *page.error)).replace("\\", "")


def patterns(page: AppTest) -> list[str]:
    return [field.label for field in page.text_input if "pattern" in field.label]


def test_what_becomes_of_the_files_is_said_at_a_glance(opened: Workspace, photos: Path) -> None:
    image = (photos / "red" / "0.png").read_bytes()
    files = {f"set/train/{label}/{i}.png": image for label in ("red", "blue") for i in range(3)}
    files |= {"set/test/1.png": image, "set/test/2.png": image, "set/notes.docx": b"x"}
    page, given = drawn(opened, upload(opened, files))
    assert not page.exception and not page.error
    assert "set: 2 classes, 6 images" in words(page)
    (glance,) = (
        each.proto.body for each in page.get("html") if "glance" in each.proto.body and "<small>" in each.proto.body
    )
    for said in ("folder", "made by Graft: train, validation and test", "2 images, kept for Predict", "1 file"):
        assert f"<b>{said}</b>" in glance
    page.button(key="import_given").click().run()
    (job,) = opened.jobs.list(kind="import", active=True)
    assert job.payload["reading"] == given.labels == "folder" and state.given.key not in page.session_state


def test_a_look_that_takes_long_says_so_and_is_ended(
    opened: Workspace, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transfer_core.workspace.previews.Look.take", lambda *_, **__: None)  # as if nothing came
    kept = upload(opened, {"a/1.png": b"x", "b/1.png": b"x"})
    page, given = drawn(opened, kept)
    assert not page.exception and "Reading the names in **images**" in words(page)
    assert given.look.stop.alive
    page.button(key="stop_reading").click().run()
    assert not given.look.stop.alive and state.given.key not in page.session_state
    assert not kept.source.exists(), "an upload that nobody waits for is given up"


def test_an_archive_that_cannot_be_read_offers_no_other_reading(opened: Workspace) -> None:
    page, given = drawn(opened, upload(opened, {"photos.rar": b"Rar!\x1a\7\1\0"}))
    assert "'photos.rar' is a RAR archive" in words(page) and "unpack it and zip the folder" in words(page)
    assert not patterns(page) and not given.look.opened
    page.button(key="drop_given").click().run()
    assert state.given.key not in page.session_state

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("1.png", b"x")
    page, given = drawn(opened, upload(opened, {"photos.zip": packed.getvalue()}))
    assert "without class folders" in words(page)
    assert given.look.opened and patterns(page), "labels may stand in the names"


def test_a_path_that_is_not_there_is_said_beside_its_field(
    opened: Workspace, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_IMPORT_ROOTS", str(photos.parent))
    page, given = drawn(opened, photos)
    assert "3 classes, 60 images" in words(page)
    (field,) = (each for each in page.text_input if each.label == "Or a path on this server")
    look = next(each for each in page.button if each.label == "Look at it")
    field.set_value(str(photos / "nothing.zip"))
    look.click().run()
    assert "does not exist. Check the path; an archive or a folder is expected" in words(page)
    assert page.session_state[state.given.key] is given and given.look.stop.alive, "what was given before stays"
    given.look.stop()
