"""A corrected version: what changes, what stays, what is refused, and the files on disk."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transfer_core.data.checks import duplicates, listed, small_classes
from transfer_core.data.corrected import changed, correct, corrected, corrected_id, corrected_name
from transfer_core.data.dataset import import_images, read_alike, read_dataset
from transfer_core.errors import DatasetError
from transfer_core.types import SPLITS, TEST, TRAIN, Dataset, Mark, Problem, Progress, RunEnd

CAT, DOG, OWL = range(3)


def build() -> Dataset:
    """Ten cats, ten dogs, and two owls of which one is in train; images 0 and 1 are one picture."""
    labels = np.repeat([CAT, DOG, OWL], (10, 10, 2))
    splits = np.array([*[0] * 6, 1, 1, 2, 2] * 2 + [0, 2])
    groups = np.unique(np.r_[0, 0, np.arange(2, 22)], return_inverse=True)[1]
    paths = tuple(f"{label}/{i}.png" for i, label in enumerate(labels))
    dataset = Dataset(
        id="old",
        name="pets",
        classes=("cat", "dog", "owl"),
        paths=paths,
        files=tuple(f"{i:06d}.png" for i in range(22)),
        labels=labels,
        splits=splits,
        groups=groups,
        widths=np.arange(22) + 1,
        heights=np.arange(22) + 2,
    )
    skipped = Problem(file="x.txt", reason="not an image")
    note = Problem(file="", reason="The folder is empty.", kind="note")
    lost = Problem(file="", reason="Class 'emu' has no image in train.", kind="small", files=3)
    found = [*duplicates(paths, labels, np.arange(22), groups, None), *small_classes(dataset.classes, labels, splits)]
    return replace(dataset, problems=listed([skipped, lost, *found, note]))


def to(label: int | None, *samples: int) -> list[Mark]:
    return [Mark(sample=sample, label=label) for sample in samples]


def test_labels_change_images_go_and_all_else_stays() -> None:
    old = build()
    new = corrected(old, [*to(DOG, 3, 9), *to(None, 12, 4)])
    stays = [row for row in range(22) if row not in (4, 12)]
    assert new.name == "pets, 4 corrected" and new.id != old.id and new.classes == old.classes
    assert new.paths == tuple(old.paths[row] for row in stays) and new.files == tuple(old.files[row] for row in stays)
    for column in ("splits", "widths", "heights"):
        assert (getattr(new, column) == getattr(old, column)[stays]).all(), column
    expected = old.labels.copy()
    expected[[3, 9]] = DOG
    assert (new.labels == expected[stays]).all() and (old.labels[[3, 9]] == CAT).all(), "the old one is not touched"
    assert new.groups[0] == new.groups[1] and len(np.unique(new.groups)) == 19


def test_the_id_is_of_the_changes_in_any_order() -> None:
    old, marks = build(), [*to(DOG, 3, 9), *to(None, 12)]
    id = corrected_id(old, marks)
    assert id == corrected(old, marks[::-1]).id == corrected_id(old, [*marks, *to(CAT, 2)]), "2 is a cat already"
    others = (marks[:2], [*to(DOG, 3, 9), *to(OWL, 12)], [*to(DOG, 3), *to(OWL, 9), *to(None, 12)])
    assert (
        len({id, old.id, corrected_id(replace(old, id="other"), marks), *(corrected_id(old, o) for o in others)}) == 6
    )


def test_a_long_name_keeps_what_it_is() -> None:
    named = corrected_name(replace(build(), name="x" * 80), to(DOG, 3))
    assert len(named) == 80 and named.endswith("x, 1 corrected")


@pytest.mark.parametrize(
    ("marks", "says"),
    [
        ([], "nothing to correct"),
        (to(CAT, 0), "nothing to correct"),
        (to(DOG, 22), "no image number 22; it has 22 images"),
        (to(DOG, -1), "no image number -1"),
        (to(3, 0), "no class number 3; it has 3 classes"),
        ([*to(DOG, 0), *to(OWL, 0)], "'0/0.png' is marked twice"),
        (to(None, 20), "No training image of 'owl' would be left"),
        (to(CAT, 20), "No training image of 'owl' would be left"),
        (to(None, 8, 9, 18, 19, 21), "No test image"),
    ],
)
def test_what_cannot_be_is_refused(marks: list[Mark], says: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=says):
        list(correct(build(), marks, tmp_path / "none", tmp_path))
    assert not list(tmp_path.iterdir()), "nothing was written"


def test_a_class_may_lose_one_training_image_for_another() -> None:
    rows, labels = changed(build(), [*to(CAT, 20), *to(OWL, 0)])
    assert len(rows) == 22 and (labels[[20, 0]] == [CAT, OWL]).all()


def test_problems_are_those_of_the_new_version() -> None:
    old = build()

    def said(marks: Sequence[Mark], kind: str) -> list[str]:
        return [problem.reason for problem in corrected(old, marks).problems if problem.kind == kind]

    assert said(to(DOG, 0), "conflict") == ["Nearly the same picture has two labels: see '0/0.png'."]
    assert said(to(DOG, 0, 1), "conflict") == []
    assert len(said(to(DOG, 3), "duplicate")) == 1 and said(to(None, 1), "duplicate") == []
    assert said(to(DOG, 3), "skipped") == ["not an image"]
    assert said(to(DOG, 3), "small") == [
        "Class 'owl' has 2 images, too few for all three splits: none in val.",
        "Class 'emu' has no image in train.",
    ]
    assert said(to(OWL, 6), "small") == ["Class 'emu' has no image in train."], "the owls have a validation image now"
    first = "A corrected version of 'pets' (old): 1 label changed, 1 image dropped. Splits stay as they were."
    assert said([*to(DOG, 3), *to(None, 4)], "note") == [first, "The folder is empty."]
    again = corrected(corrected(old, to(DOG, 3)), to(DOG, 5))
    notes = [problem.reason for problem in again.problems if problem.kind == "note"]
    assert [note.partition(" (")[0] for note in notes[:2]] == [
        "A corrected version of 'pets, 1 corrected'",
        "A corrected version of 'pets'",
    ]


@pytest.mark.parametrize(("splits_from", "leaks"), [("seed", 0), ("archive", 1), ("archive, test cut from train", 0)])
def test_leaks_are_those_of_the_users_own_splits(splits_from: str, leaks: int) -> None:
    old = build()
    splits = old.splits.copy()
    splits[1] = TEST
    found = corrected(replace(old, splits=splits, splits_from=splits_from), to(DOG, 3)).problems  # type: ignore[arg-type]
    assert sum(problem.kind == "leak" for problem in found) == leaks


def stored(folder: Path, old: Dataset) -> Path:
    folder.mkdir()
    for row, file in enumerate(old.files):
        (folder / file).write_bytes(b"the same" if row < 2 else f"{row}".encode())
    return folder


@pytest.mark.parametrize("links", [True, False])
def test_files_are_linked_or_copied(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    old, target = build(), tmp_path / "new"
    source = stored(tmp_path / "old", old)
    target.mkdir()
    *progress, end = correct(old, [*to(DOG, 3), *to(None, 4)], source, target)
    assert [(event.what, event.done, event.of) for event in progress if isinstance(event, Progress)] == [
        ("Comparing duplicates", 2, 2),
        ("Taking over images", 21, 21),
    ]
    new = read_dataset(target / "dataset.json")
    assert isinstance(end, RunEnd) and end.result["id"] == new.id and end.result["name"] == "pets, 2 corrected"
    assert end.result["splits"] == {name: new.count(number) for number, name in enumerate(SPLITS)}
    assert sorted(file.name for file in (target / "samples").iterdir()) == sorted(new.files)
    for file in new.files:
        assert (target / "samples" / file).read_bytes() == (source / file).read_bytes()
        assert (target / "samples" / file).samefile(source / file) == links
    assert "1 is an exact copy" in next(p.reason for p in new.problems if p.kind == "duplicate")
    assert old.rows(TRAIN).size == new.rows(TRAIN).size + 1


def test_files_that_are_gone_are_named(tmp_path: Path) -> None:
    old = build()
    source = stored(tmp_path / "old", old)
    (source / old.files[7]).unlink()
    (tmp_path / "new").mkdir()
    with pytest.raises(DatasetError, match=r"'0/7.png' of 'pets' cannot be taken over: No such file"):
        list(correct(old, to(DOG, 3), source, tmp_path / "new"))


def test_images_without_a_label_and_what_is_known_of_likeness_go_along(tmp_path: Path) -> None:
    """Three patients' photos, one of them copied, one mirrored: a patient's photos are a group, yet not alike."""
    rng = np.random.default_rng(0)
    photos = rng.integers(0, 255, (12, 6, 6, 3)).astype(np.uint8).repeat(16, 1).repeat(16, 2)
    rows = ["file,label,patient"]
    for number, pixels in enumerate(photos):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        rows.append(f"{number}.png,{'cat' if number % 2 else 'dog'},{number // 4}")
    Image.fromarray(photos[0]).save(tmp_path / "copy.png", compress_level=0)
    Image.fromarray(photos[1][:, ::-1]).save(tmp_path / "mirrored.png")
    Image.fromarray(photos[1][:, ::-1]).save(tmp_path / "mirrored too.png", compress_level=0)
    rows += ["copy.png,dog,0", "mirrored.png,cat,0", "mirrored too.png,cat,0"]
    Image.fromarray(photos[0] ^ 255).save(tmp_path / "unknown.png")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    (tmp_path / "old").mkdir()
    list(import_images(tmp_path, tmp_path / "old", name="patients"))
    old = read_dataset(tmp_path / "old" / "dataset.json")

    def alike(dataset: Dataset) -> str:
        return " ".join(problem.reason for problem in dataset.problems if problem.kind == "duplicate")

    assert len(np.unique(old.groups)) == 3
    assert alike(old).startswith("5 images form 2 groups") and "1 is flipped or turned" in alike(old)

    def corrected_by(name: str, path: str, label: int | None) -> Dataset:
        (tmp_path / name).mkdir()
        marks = to(label, old.paths.index(path))
        list(correct(old, marks, tmp_path / "old" / "samples", tmp_path / name))
        kept = tmp_path / name / "unlabelled"
        assert json.loads((kept / "files.json").read_text()) == {"000000.png": "unknown.png"}
        assert (kept / "000000.png").samefile(tmp_path / "old" / "unlabelled" / "000000.png")
        return read_dataset(tmp_path / name / "dataset.json")

    assert "1 is flipped or turned" in alike(changed_one := corrected_by("one", "2.png", 0))
    assert len(np.unique(changed_one.groups)) == 3
    assert "flipped" not in alike(corrected_by("two", "1.png", None)), "the two mirrored ones are one another's copy"
    assert read_alike(changed_one, tmp_path / "one").turned.sum() == 1, "and so again for a version of that version"
