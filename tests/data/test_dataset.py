"""From a zip or folder to a dataset, through everything between."""

import io
import json
import random
import shutil
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from transfer_core.data import intake
from transfer_core.data.checks import profile
from transfer_core.data.dataset import import_images, read_dataset
from transfer_core.data.pixels import open_rgb
from transfer_core.errors import ArchiveError
from transfer_core.types import TEST, TRAIN, VAL, Dataset, Event, Progress, RunEnd, event_to_json

DATA = Path(__file__).resolve().parents[2] / "../shared/data"


NEARLY = "Nearly the same picture"


def photo(seed: int, size: tuple[int, int] = (48, 36)) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)


def stored(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def photos(*folders: str, each: int = 10) -> dict[str, bytes]:
    """Different photos in each folder: {"cats/0.jpg": ...}."""
    names = [f"{folder}/{i}.jpg" for folder in folders for i in range(each)]
    return {name: stored(photo(i)) for i, name in enumerate(names)}


def zipped(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def taken(source: Path, target: Path, **options: Any) -> tuple[Dataset, list[Event]]:
    target.mkdir()
    events = list(import_images(source, target, **{"name": "photos", **options}))
    return read_dataset(target / "dataset.json"), events


def imported(tmp_path: Path, files: Mapping[str, bytes], **options: Any) -> Dataset:
    return taken(zipped(tmp_path / "photos.zip", files), tmp_path / "out", **options)[0]


def by_kind(dataset: Dataset, kind: str) -> list[tuple[str, str]]:
    return [(problem.file, problem.reason) for problem in dataset.problems if problem.kind == kind]


def test_a_zip_of_class_folders(tmp_path: Path) -> None:
    source = zipped(tmp_path / "pets.zip", {**photos("pets/dogs", "pets/Cats", each=20), "pets/Thumbs.db": b"x"})
    dataset, events = taken(source, tmp_path / "out", name=" My pets ")
    end = events[-1]
    assert isinstance(end, RunEnd)
    assert json.loads(event_to_json(end))["result"] == {
        "id": dataset.id,
        "name": "My pets",
        "classes": ["Cats", "dogs"],
        "splits": {"train": 28, "val": 6, "test": 6},
        "problems": 0,
    }
    assert dataset.splits_from == "seed"
    assert np.bincount(dataset.labels).tolist() == [20, 20]
    assert {dataset.classes[label] for label, path in zip(dataset.labels, dataset.paths, strict=True) if "Cats" in path}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["dataset.json", "facts.json", "samples"]
    assert sorted(dataset.files) == sorted(path.name for path in (tmp_path / "out" / "samples").iterdir())
    progress = [event for event in events if isinstance(event, Progress) and event.what == "Reading images"]
    assert [event.done for event in progress] == list(range(1, 41))
    assert all(event.of == 40 and event.seconds_left is not None for event in progress)


def test_the_same_images_have_the_same_id(tmp_path: Path) -> None:
    files = {**photos("cats", "dogs", each=8), "cats/copy.jpg": photos("cats", each=1)["cats/0.jpg"]}
    first = zipped(tmp_path / "a.zip", files)
    again = zipped(tmp_path / "b.zip", dict(random.Random(0).sample(sorted(files.items()), len(files))))
    wrapped = zipped(tmp_path / "c.zip", {f"pets/{name}": data for name, data in files.items()})
    folder = tmp_path / "d"
    with zipfile.ZipFile(first) as file:
        file.extractall(folder)
    changed = zipped(tmp_path / "e.zip", {**files, "dogs/0.jpg": stored(photo(99))})
    moved = zipped(tmp_path / "f.zip", {name.replace("dogs/0", "cats/00"): data for name, data in files.items()})
    sources = (first, again, wrapped, folder, changed, moved)
    ids = [taken(source, tmp_path / f"out{i}", name=source.name)[0].id for i, source in enumerate(sources)]
    assert len({*ids[:4]}) == 1
    assert len({*ids}) == 3
    assert taken(first, tmp_path / "seed", seed=1)[0].id != ids[0]


def test_files_are_kept_or_stored_without_loss(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    rgb = photo(1)
    files = {
        "a/1.jpg": stored(rgb, exif=exif),
        "a/2.png": stored(rgb, "PNG"),
        "a/3.gif": stored(photo(3), "GIF"),
        "a/4.bmp": stored(photo(4).convert("L"), "BMP"),
        "b/5.webp": stored(photo(5), "WEBP", exif=exif, lossless=True),
        "b/6.tif": stored(photo(6), "TIFF"),
        "b/7.jpg": stored(photo(7), "PNG"),  # named wrongly
    }
    dataset = imported(tmp_path, files)
    for path, name, width, height in zip(dataset.paths, dataset.files, dataset.widths, dataset.heights, strict=True):
        data = (tmp_path / "out" / "samples" / name).read_bytes()
        assert name.endswith(".jpg" if path == "a/1.jpg" else ".png")
        assert (data == files[path]) == (path in ("a/1.jpg", "a/2.png", "b/7.jpg"))
        upright = open_rgb(io.BytesIO(data))
        assert upright.size == (width, height) == ((36, 48) if path in ("a/1.jpg", "b/5.webp") else (48, 36))
        assert (np.asarray(upright) == np.asarray(open_rgb(io.BytesIO(files[path])))).all()


def test_bad_files_are_skipped_with_their_reason(tmp_path: Path) -> None:
    bad = {
        "cats/cut.jpg": stored(photo(50, (300, 200)))[:2000],
        "cats/empty.png": b"",
        "cats/text.jpg": b"hello",
        "cats/notes.txt": b"hello",
        "cats/scan.heic": b"hello",
        "cover.jpg": stored(photo(51)),
    }
    dataset = imported(tmp_path, {**photos("cats", "dogs"), **bad})
    assert len(dataset) == 20
    reasons = dict(by_kind(dataset, "skipped"))
    assert reasons.keys() == bad.keys()
    assert "cut off or damaged" in reasons["cats/cut.jpg"]
    assert reasons["cats/empty.png"] == "The file is empty."
    assert "not an image of a kind" in reasons["cats/text.jpg"]
    assert profile(dataset).skipped == 6


def test_many_bad_files_do_not_drown_the_rest(tmp_path: Path) -> None:
    labels = {f"cats/{i}.txt": b"0 0.5 0.5 1 1" for i in range(3000)}
    dataset = imported(tmp_path, {**photos("cats", "dogs"), **labels, "dogs/broken.jpg": b"?"})
    assert len(dataset.problems) == 1001
    assert dataset.problems[0].file == "dogs/broken.jpg"
    assert profile(dataset).skipped == 3001


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        (
            {**photos("cats"), "dogs/1.jpg": b"?", "dogs/2.jpg": b""},
            r"only one class .* 'cats' \(10 images\)\. 2 files",
        ),
        ({"cats/1.jpg": b"?", "dogs/1.jpg": b"?"}, "no class with usable images. 2 files .* 'cats/1.jpg'"),
        ({**photos("train/cats"), **photos("test/dogs")}, "one class only, 'cats' .10 images"),
    ],
)
def test_refuses_fewer_than_two_usable_classes(files: dict[str, bytes], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=sentence):
        imported(tmp_path, files)


def test_duplicates_stay_on_one_side_and_are_told(tmp_path: Path) -> None:
    files = photos("cats", "dogs", each=20)
    copies = {f"cats/copy{i}.jpg": files[f"cats/{i}.jpg"] for i in range(8)}
    near = {f"dogs/small{i}.png": stored(photo(20 + i, (40, 30)), "PNG") for i in range(8)}
    dataset = imported(tmp_path, {**files, **copies, **near, "dogs/cat.jpg": files["cats/0.jpg"]})
    for group in np.unique(dataset.groups):
        assert len(set(dataset.splits[dataset.groups == group].tolist())) == 1
    assert profile(dataset).duplicate_groups == 16
    assert profile(dataset).duplicate_images == 33
    ((_, summary),) = by_kind(dataset, "duplicate")
    assert summary.startswith("33 images form 16 groups")
    assert "9 are exact copies" in summary
    assert by_kind(dataset, "conflict") == [
        ("cats/0.jpg", "The same file has two labels: see 'dogs/cat.jpg' and 1 more.")
    ]


def test_own_splits_are_kept_and_leaks_told(tmp_path: Path) -> None:
    files = photos("train/cats", "train/dogs", "validation/cats", "validation/dogs", "test/cats", "test/dogs")
    files["test/dogs/0.jpg"] = files["train/dogs/3.jpg"]
    files["validation/cats/0.png"] = stored(open_rgb(io.BytesIO(files["test/cats/1.jpg"])).resize((60, 45)), "PNG")
    turned = open_rgb(io.BytesIO(files["train/cats/1.jpg"])).transpose(Image.Transpose.ROTATE_90)
    files["test/cats/b.png"] = stored(turned, "PNG")
    dataset = imported(tmp_path, files)
    assert dataset.splits_from == "archive"
    names = {TRAIN: "train", VAL: "validation", TEST: "test"}
    assert all(path.startswith(names[s]) for path, s in zip(dataset.paths, dataset.splits.tolist(), strict=True))
    assert sorted(by_kind(dataset, "leak")) == [
        ("train/cats/1.jpg", f"{NEARLY}, flipped or turned, is in train and test: see 'test/cats/b.png'."),
        ("train/dogs/3.jpg", "The same file is in train and test: see 'test/dogs/0.jpg'."),
        ("validation/cats/0.png", f"{NEARLY} is in val and test: see 'test/cats/1.jpg'."),
    ]


@pytest.mark.parametrize(
    ("folders", "splits_from", "counts", "note"),
    [
        (("train", "test"), "archive, val cut from train", [34, 6, 40], "no validation folder"),
        (("train", "val"), "archive, test cut from train", [34, 40, 6], "no test folder"),
        (("train",), "seed", [28, 6, 6], "train folder only"),
    ],
)
def test_missing_splits_are_cut_from_train(
    folders: tuple[str, ...], splits_from: str, counts: list[int], note: str, tmp_path: Path
) -> None:
    dataset = imported(tmp_path, photos(*(f"{folder}/{c}" for folder in folders for c in ("cats", "dogs")), each=20))
    assert dataset.splits_from == splits_from
    assert [dataset.count(split) for split in (TRAIN, VAL, TEST)] == counts
    assert note in by_kind(dataset, "note")[0][1]


def test_images_all_alike_can_still_be_split(tmp_path: Path) -> None:
    scene, rng = np.asarray(photo(0), np.float64), np.random.default_rng(0)
    frames = [Image.fromarray((scene * 0.8 + rng.normal(20, 4, scene.shape)).astype(np.uint8)) for _ in range(60)]
    dataset = imported(tmp_path, {f"{'ok' if i % 2 else 'bad'}/{i}.jpg": stored(f) for i, f in enumerate(frames)})
    assert dataset.count(VAL) >= 8
    assert dataset.count(TEST) >= 8
    assert "60 images look almost the same as much of their class" in by_kind(dataset, "note")[0][1]


def test_small_classes_are_told(tmp_path: Path) -> None:
    dataset = imported(tmp_path, {**photos("cats", each=9), "dogs/1.jpg": stored(photo(77))})
    assert by_kind(dataset, "small") == [
        ("", "Class 'dogs' has 1 image, too few for all three splits: none in val and test.")
    ]
    assert profile(dataset).counts == ((6, 2, 1), (1, 0, 0))


def test_where_images_come_from_stays_with_them(tmp_path: Path) -> None:
    dataset = imported(tmp_path, photos("cats", "dogs"), about="They were drawn by hand.")
    assert by_kind(dataset, "note") == [("", "They were drawn by hand.")]


def test_a_class_without_training_images_is_left_out(tmp_path: Path) -> None:
    dataset = imported(tmp_path, photos("train/cats", "train/dogs", "test/cats", "test/owls"))
    assert dataset.classes == ("cats", "dogs")
    assert len(dataset) == len(list((tmp_path / "out" / "samples").iterdir())) == 30
    assert "'owls' has no image in train" in by_kind(dataset, "small")[0][1]


def test_cancel_stops_threads_and_touches_nothing_else(tmp_path: Path) -> None:
    source = zipped(tmp_path / "photos.zip", photos("cats", "dogs", each=100))
    (tmp_path / "out").mkdir()
    before = sorted(tmp_path.iterdir())
    events = import_images(source, tmp_path / "out", name="photos")
    for event in events:
        if isinstance(event, Progress) and event.done == 20:
            break
    events.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("images")]
    assert sorted(tmp_path.iterdir()) == before
    assert not (tmp_path / "out" / "dataset.json").exists()
    shutil.rmtree(tmp_path / "out")  # no file is held open


def test_refuses_what_does_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "SPARE_BYTES", 1 << 60)
    with pytest.raises(ArchiveError, match="GB free"):
        imported(tmp_path, photos("cats", "dogs"))


def test_the_disk_is_watched_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    monkeypatch.setattr(intake, "RECHECK_BYTES", 1000)
    monkeypatch.setattr(intake, "require_room", lambda folder, need: looks.append(folder))
    imported(tmp_path, photos("cats", "dogs"))
    assert len(looks) > 5


def test_a_folder_with_odd_names(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    for i, name in enumerate(["Kätzchen", "<b>dogs", "  owls ", "a\nb", "con"]):
        (root / name).mkdir(parents=True)
        for k in range(4):
            (root / name / f"{k} *?.jpg").write_bytes(stored(photo(10 * i + k)))
    (root / "con" / "\udcff.jpg").write_bytes(stored(photo(98)))
    dataset, _ = taken(root, tmp_path / "out")
    assert set(dataset.classes) == {"Kätzchen", "<b>dogs", "owls", "a\nb", "con"}
    assert "con/\ufffd.jpg" in dataset.paths


def test_real_scans_with_leaks(tmp_path: Path) -> None:
    source = DATA / "brain_mri.zip"
    if not source.exists():
        pytest.skip("shared/data/brain_mri.zip is not here")
    with zipfile.ZipFile(source) as file:
        names = [name for name in file.namelist() if "/no_tumor/" in name or "/pituitary_tumor/p (1" in name]
        dataset = imported(tmp_path, {name: file.read(name) for name in names})
    assert len(dataset) == len(names)
    assert dataset.splits_from == "archive, val cut from train"
    assert dataset.count(TEST) == sum("/test/" in name for name in names)
    assert len(by_kind(dataset, "leak")) > 20
    for group in np.unique(dataset.groups[dataset.splits == VAL]):
        assert TRAIN not in dataset.splits[dataset.groups == group]
