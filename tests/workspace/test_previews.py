"""What is given is shown before it is taken in, and taken in as it was shown."""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import draw_photos
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


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


def test_a_question_is_answered_and_the_rest_is_kept(tmp_path: Path, patients: Path) -> None:
    workspace = Workspace(tmp_path / "set" / "graft")  # inside the folder that is imported
    found = workspace.datasets.preview_path(patients)
    assert "repeat under every folder" in found.layout.asks and len(found.readings) == 2
    refused = workspace.datasets.import_path(patients)
    list(workspace.jobs.drive(refused))
    assert re.search(r"--labels leaf: .*--labels folder: ", workspace.jobs.get(refused).error)
    told = workspace.datasets.preview_path(patients, labels="leaf")
    assert told.counts == {"0": 24, "1": 24} and told.splits == {"train": 48} and "workspace" in " ".join(told.notes)
    pictures = workspace.datasets.pictures(told, ["0", "1"])
    assert all(len(each) == 3 and all(image[:2] == b"\xff\xd8" for image in each) for each in pictures.values())

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
    assert workspace.datasets.preview_upload(upload).counts == {"blue": 6, "red": 6}
    dataset = taken(workspace, workspace.datasets.import_kept(upload))
    assert dataset.classes == ("blue", "red") and sorted(dataset.paths)[0] == "0.png"

    other = workspace.datasets.keep_upload([("a/1.png", io.BytesIO(b"x")), ("b/1.png", io.BytesIO(b"x"))])
    assert workspace.datasets.preview_upload(other).counts == {"a": 1, "b": 1}
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
