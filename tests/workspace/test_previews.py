"""What is given is shown before it is taken in, and taken in as it was shown."""

import gc
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import draw_photos
from tests.data.kinds_of_files import tiff
from transfer_core.errors import ArchiveError
from transfer_core.types import Dataset
from transfer_core.workspace import Look, Preview, Upload, Workspace


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """Twelve patients with images of both findings, and a folder of images without a label."""
    (drawn,) = [draw_photos(tmp_path / "drawn", per_class=12, px=24)]
    for number in range(12):
        for finding, colour in (("0", "red"), ("1", "blue")):
            place = tmp_path / "set" / "train" / f"patient {number}" / finding
            place.mkdir(parents=True)
            for copy in range(2):
                name = f"{number}.png" if copy else f"{(number + 5) % 12}.png"
                (place / f"{copy}.png").write_bytes((drawn / colour / name).read_bytes())
    (tmp_path / "set" / "test").mkdir()
    for number in range(3):
        (tmp_path / "set" / "test" / f"{number}.png").write_bytes((drawn / "green" / f"{number}.png").read_bytes())
    return tmp_path / "set"


def taken(workspace: Workspace, job: str) -> Dataset:
    list(workspace.jobs.drive(job))
    return workspace.datasets.get(workspace.jobs.get(job).result["id"])


def looked(workspace: Workspace, source: Upload | Path) -> Preview:
    look = workspace.datasets.look(source)
    look.take(60)
    look.stop()
    assert look.found is not None, look.error
    return look.found


def test_a_question_is_answered_and_the_rest_is_kept(tmp_path: Path, patients: Path) -> None:
    workspace = Workspace(tmp_path / "set" / "graft")  # inside the folder that is imported
    found = workspace.datasets.preview_path(patients)
    assert "repeat under every folder" in found.asks and len(found.readings) == 2
    refused = workspace.datasets.import_path(patients)
    list(workspace.jobs.drive(refused))
    assert re.search(r"--labels leaf: .*--labels folder: ", workspace.jobs.get(refused).error)
    told = workspace.datasets.preview_path(patients, labels="leaf")
    assert told.counts == {"0": 24, "1": 24} and told.splits == {"train": 48} and "workspace" in " ".join(told.notes)
    look = workspace.datasets.look(patients)
    look.take(60)
    assert look.found == found and look.active
    look.ask(labels="leaf")
    look.take(60, pictures=True)
    assert look.found == told and look.sampled is not None and not look.active
    shown = look.sampled.pictures
    assert list(shown) == ["0", "1"] and all(len(each) == 3 for each in shown.values())
    assert all(image[:2] == b"\xff\xd8" for each in shown.values() for image in each)

    dataset = taken(workspace, workspace.datasets.import_path(patients, labels="leaf"))
    owners = [path.split("/")[1] for path in dataset.paths]
    sides = {owner: {int(s) for o, s in zip(owners, dataset.splits, strict=True) if o == owner} for owner in owners}
    assert all(len(found) == 1 for found in sides.values()), "a patient stays on one side"
    folder, count = workspace.datasets.unlabelled(dataset)
    assert count == 3 and sorted(json.loads((folder / "files.json").read_text()).values())[0] == "test/0.png"
    workspace.close()


def test_loose_files_with_a_table(tmp_path: Path, photos: Path) -> None:
    workspace = Workspace(tmp_path)
    images = [(f"{label}-{n}.png", photos / label / f"{n}.png") for label in ("red", "blue") for n in range(6)]
    files = [(f"{number}.png", io.BytesIO(file.read_bytes())) for number, (_, file) in enumerate(images)]
    rows = "\n".join(f"{number},{name.split('-')[0]}" for number, (name, _) in enumerate(images))
    upload = workspace.datasets.keep_upload([*files, ("labels.csv", io.BytesIO(f"id,label\n{rows}".encode()))])
    assert looked(workspace, upload).counts == {"blue": 6, "red": 6}
    dataset = taken(workspace, workspace.datasets.import_kept(upload))
    assert dataset.classes == ("blue", "red") and sorted(dataset.paths)[0] == "0.png"

    other = workspace.datasets.keep_upload([("a/1.png", io.BytesIO(b"x")), ("b/1.png", io.BytesIO(b"x"))])
    assert looked(workspace, other).counts == {"a": 1, "b": 1}
    workspace.datasets.give_up(other)
    assert not other.source.exists()
    workspace.close()


def test_the_command_shows_a_plan(tmp_path: Path, photos: Path) -> None:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        for label in ("red", "blue"):
            for n in range(4):
                packed.write(photos / label / f"{n}.png", f"{label}_{n}.png")
    program = [sys.executable, "-m", "transfer_core", "import", "--workspace", str(tmp_path / "w")]
    ran = subprocess.run([*program, str(tmp_path / "set.zip"), "--dry-run"], capture_output=True, text=True, check=True)
    assert "file name before _ and a number (2 classes)" in ran.stdout and "red: 4" in ran.stdout
    assert not list((tmp_path / "w").glob("datasets/*"))


def test_bands_are_seen_chosen_and_taken_in(tmp_path: Path) -> None:
    """Seven bands of which the last three differ, so dark on the scale of their 16 bits that nothing would be seen."""
    for label, level in (("field", 900), ("water", 1900)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(3):
            values = np.full((24, 24, 7), level, np.uint16)
            values[:, :12, 4:] = 300 * (number + 1)
            (tmp_path / "set" / label / f"{number}.tif").write_bytes(tiff(values, extra=(0, 0, 0, 0)))
    workspace = Workspace(tmp_path / "w")

    def spread(look: Look) -> int:
        look.take(60, pictures=True)
        assert look.sampled is not None and look.sampled.bands == 7
        opened = Image.open(io.BytesIO(look.sampled.pictures["water"][0])).convert("L")
        low, high = opened.getextrema()
        return int(high) - int(low)  # type: ignore[arg-type]

    look = workspace.datasets.look(tmp_path / "set")
    assert spread(look) < 10
    look.ask(bands=(7, 6, 5))
    assert spread(look) > 150
    look.stop()
    dataset = taken(workspace, workspace.datasets.import_path(tmp_path / "set", bands=(7, 6, 5)))
    assert dataset.rendering.bands == (7, 6, 5)
    workspace.close()


def test_a_look_can_be_ended_and_says_when_it_was(tmp_path: Path, photos: Path) -> None:
    workspace = Workspace(tmp_path)
    look = workspace.datasets.look(photos)
    process = look.stop.peek()[2][0]  # type: ignore[index]
    look.stop()
    assert process.poll() is not None
    look.take(10)
    assert look.planned and "process that reads them ended" in look.error
    look = workspace.datasets.look(photos)
    process = look.stop.peek()[2][0]  # type: ignore[index]
    del look  # as when a tab was closed
    gc.collect()
    assert process.poll() is not None

    (tmp_path / "broken.zip").write_bytes(b"PK\3\4 and no more")
    look = workspace.datasets.look(tmp_path / "broken.zip")
    look.take(60)
    assert look.planned and not look.active and "damaged or incomplete zip" in look.error
    with pytest.raises(ArchiveError, match="does not exist"):
        workspace.datasets.look(tmp_path / "nothing.zip")
    workspace.close()
