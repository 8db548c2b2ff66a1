"""Folder names to classes and splits, and what is said when they make no sense."""

import pytest

from transfer_core.data.archive import Archive, Member
from transfer_core.data.layout import natural, plan
from transfer_core.errors import ArchiveError
from transfer_core.types import TEST, TRAIN, VAL

NONE = -1


def archive(*paths: str, folders: tuple[str, ...] = ()) -> Archive:
    found = tuple(Member(path=path, size=1, index=i) for i, path in enumerate(paths))
    return Archive(members=found, folders=folders, read=lambda member: b"")


def inside(*prefixes: str) -> tuple[str, ...]:
    return tuple(f"{prefix}/{i}.jpg" for prefix in prefixes for i in (1, 2))


PLANS: dict[str, tuple[tuple[str, ...], set[tuple[str, int]]]] = {
    "class folders": (inside("cats", "dogs"), {("cats", NONE), ("dogs", NONE)}),
    "one wrapping folder": (inside("pets/cats", "pets/dogs"), {("cats", NONE), ("dogs", NONE)}),
    "nested wrapping folders": (inside("a/b/c/cats", "a/b/c/dogs"), {("cats", NONE), ("dogs", NONE)}),
    "a stray image beside the wrapping folder": (
        ("cover.jpg", *inside("a/cats", "a/dogs")),
        {("cats", NONE), ("dogs", NONE)},
    ),
    "three splits": (
        inside("train/cats", "train/dogs", "val/cats", "test/dogs"),
        {("cats", TRAIN), ("dogs", TRAIN), ("cats", VAL), ("dogs", TEST)},
    ),
    "splits in any case, wrapped": (
        inside("x/Train/cats", "x/TRAIN/dogs", "x/Valid/cats", "x/Testing/dogs"),
        {("cats", TRAIN), ("dogs", TRAIN), ("cats", VAL), ("dogs", TEST)},
    ),
    "validation spelled out": (
        inside("training/a", "training/b", "validation/b"),
        {("a", TRAIN), ("b", TRAIN), ("b", VAL)},
    ),
    "other folders beside the splits": (
        inside("train/a", "train/b", "test/a", "copy/train/a", "raw/b"),
        {("a", TRAIN), ("b", TRAIN), ("a", TEST)},
    ),
    "other folders beside the wrapping folder": (
        (*inside("x/train/a", "x/train/b"), "docs/figure.png"),
        {("a", TRAIN), ("b", TRAIN)},
    ),
    "other folders beside train": ((*inside("train/a", "train/b"), "more/1.jpg"), {("a", TRAIN), ("b", TRAIN)}),
    "folders inside classes": (inside("cats/home/sofa", "cats/street", "dogs"), {("cats", NONE), ("dogs", NONE)}),
    "a class called train": (inside("bus", "car", "train"), {("bus", NONE), ("car", NONE), ("train", NONE)}),
    "a class called train, with folders": (inside("bus", "train/steam"), {("bus", NONE), ("train", NONE)}),
    "a wrapping folder called test": (inside("test/cats", "test/dogs"), {("cats", NONE), ("dogs", NONE)}),
    "unlabelled test images": (
        (*inside("train/a", "train/b"), "test/1.jpg", "test/2.jpg"),
        {("a", TRAIN), ("b", TRAIN)},
    ),
    "spaces and endings": (("cats /1.JPG", " dogs/2.TIFF", "cats/3.jpeg"), {("cats", NONE), ("dogs", NONE)}),
}


@pytest.mark.parametrize("case", PLANS)
def test_plan(case: str) -> None:
    paths, expected = PLANS[case]
    layout = plan(archive(*paths), "photos.zip")
    assert {(image.label, image.split) for image in layout.images} == expected
    left_out = sum(problem.kind == "skipped" for problem in layout.problems)
    assert len(layout.images) + len(layout.unlabelled) + left_out == len(paths)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (archive(), "No images were found in 'photos.zip': it is empty"),
        (archive(folders=("cats", "dogs")), "only 2 empty folders"),
        (archive("a.csv", "cats/b.txt"), r"only 2 other files \(.csv, .txt\)"),
        (archive(*inside("photos")), "one class only, 'photos' \\(2 images\\)"),
        (archive("1.jpg", "2.jpg", "labels.csv"), "2 images that lie side by side"),
        (archive("train/1.jpg", "test/2.jpg"), "no train folder with class folders"),
        (archive(*inside("test/cats", "val/dogs")), "no train folder with class folders"),
        (archive(*inside("train/cats", "test/cats")), "one class only, 'cats'"),
    ],
)
def test_refuses_without_two_classes(source: Archive, sentence: str) -> None:
    with pytest.raises(ArchiveError, match=sentence) as error:
        plan(source, "photos.zip")
    assert "at least two class folders" in str(error.value)


def test_says_what_it_leaves_out() -> None:
    source = archive(
        *inside("train/a", "train/b"), "notes.txt", "train/a/1.mp4", "train/x.png", "old/1.jpg", folders=("train/c",)
    )
    found = {problem.file: (problem.kind, problem.reason) for problem in plan(source, "photos.zip").problems}
    assert found.keys() == {"notes.txt", "train/a/1.mp4", "train/x.png", "old/1.jpg", "train/c"}
    assert ".mp4 file is not an image" in found["train/a/1.mp4"][1]
    assert "not in a class folder" in found["train/x.png"][1]
    assert "outside the folders train" in found["old/1.jpg"][1]
    assert found["train/c"] == ("note", "The class folder holds no images and was left out.")


def test_splits_inside_classes_are_taken() -> None:
    layout = plan(archive(*inside("a/train", "a/test", "b/train", "b/test")), "photos.zip")
    assert {(image.label, image.split) for image in layout.images} == {
        ("a", TRAIN), ("a", TEST), ("b", TRAIN), ("b", TEST),
    }  # fmt: skip


def test_natural_order() -> None:
    names = ["class 10", "Class 9", "class 9a", "", "7", "²", "0" * 9 + "8", "9" * 5000]
    assert sorted(names, key=natural)[:4] == ["", "7", "0" * 9 + "8", "9" * 5000]
    assert sorted(names, key=natural)[4:7] == ["Class 9", "class 9a", "class 10"]
