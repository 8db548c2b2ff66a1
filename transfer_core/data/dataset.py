"""From a zip or folder to a dataset: read, compare, split, fingerprint; and a dataset's file."""

import json
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np

from transfer_core.data.archive import opened
from transfer_core.data.checks import duplicates, listed, small_classes
from transfer_core.data.intake import Taken, learnable, require_classes, take
from transfer_core.data.layout import NO_SPLIT, natural, plan
from transfer_core.data.near_duplicates import near_duplicates
from transfer_core.data.split import cut, split
from transfer_core.kept import whole
from transfer_core.types import (
    SPLITS,
    TEST,
    TRAIN,
    VAL,
    Dataset,
    Event,
    Ints,
    Problem,
    Progress,
    RunEnd,
    StageStart,
    digest,
)

RULES = 2  # of the import: raised when it would make something else of the same files
ALL_ALIKE = (
    "{:,} images look almost the same as much of their class (one camera, or frames of a video?). Only the closest of "
    "them were kept in one split, so the test may be easier than new images will be."
)
COLUMNS = ("labels", "splits", "groups", "widths", "heights")
SplitsFrom = Literal["archive", "archive, val cut from train", "archive, test cut from train", "seed"]


def import_images(source: Path, target: Path, *, name: str, seed: int = 0, about: str = "") -> Iterator[Event]:
    """Take a zip or folder of class folders into `target`, an empty folder: samples/ and dataset.json.

    `about`: a sentence on where the images come from, which is kept as a note; '' for none. The last event's result is
    {"id", "name", "classes", "splits", "problems"}. Raises ArchiveError when the source is unsafe or damaged, has fewer
    than two usable classes, or does not fit on the disk.
    """
    samples = target / "samples"
    samples.mkdir()
    yield StageStart(stage="read", title="Reading images", number=1, stages=2, unit="images")
    taken, skipped = yield from _read(source, samples)
    taken, unlearnable = learnable(taken, samples)
    require_classes(taken, skipped, source.name)

    yield StageStart(stage="compare", title="Looking for duplicates", number=2, stages=2, unit="images", of=len(taken))
    classes = tuple(sorted({image.label for image in taken}, key=lambda label: (natural(label), label)))
    number = {label: i for i, label in enumerate(classes)}
    labels = np.array([number[image.label] for image in taken], np.int64)
    same = np.unique([image.content for image in taken], return_inverse=True)[1]
    alike = yield from near_duplicates([image.look for image in taken], same, labels)
    groups = alike.numbers

    own = np.array([image.split for image in taken], np.int64)
    splits, splits_from, notes = _splits(labels, groups, own, seed)
    if about:
        notes.insert(0, _note(about))
    if alike.loosened:
        notes.append(_note(ALL_ALIKE.format(alike.loosened)))
    paths = tuple(image.path for image in taken)
    found = duplicates(paths, labels, same, groups, None if splits_from == "seed" else own, alike.turned)
    small = small_classes(classes, labels, splits)
    dataset = Dataset(
        id=_fingerprint(taken, classes, splits, seed),
        name=name.strip() or source.stem,
        classes=classes,
        paths=paths,
        files=tuple(image.file for image in taken),
        labels=labels,
        splits=splits,
        groups=groups,
        widths=np.array([image.width for image in taken], np.int64),
        heights=np.array([image.height for image in taken], np.int64),
        problems=listed([*skipped, *unlearnable, *found, *small, *notes]),
        splits_from=splits_from,
        seed=seed,
        created=time.time(),
    )
    write_dataset(dataset, target / "dataset.json")
    yield RunEnd(status="done", result=summary(dataset))


def _read(source: Path, samples: Path) -> Generator[Progress, None, tuple[list[Taken], list[Problem]]]:
    yield Progress(what="Checking the archive", done=0, of=0, unit="files")
    with opened(source) as archive:
        yield Progress(what="Checking the archive", done=0, of=len(archive.members), unit="files")
        layout = plan(archive, source.name)
        taken, skipped = yield from take(archive, layout, samples)
    return taken, [*skipped, *layout.problems]


def _splits(labels: Ints, groups: Ints, own: Ints, seed: int) -> tuple[Ints, SplitsFrom, list[Problem]]:
    """The user's own splits where they have all three; what is missing is cut from train, or everything by seed."""
    missing = {TRAIN, VAL, TEST} - set(own.tolist())
    if NO_SPLIT in own or missing == {VAL, TEST}:
        note = "There is a train folder only: 15 % of it became the validation and 15 % the test split."
        notes = [] if NO_SPLIT in own else [_note(note)]
        return split(labels, groups, seed=seed), "seed", notes
    if missing == {TEST}:
        note = "There is no test folder: 15 % of train became the test split."
        return cut(labels, groups, own, TEST, seed=seed), "archive, test cut from train", [_note(note)]
    if missing == {VAL}:
        note = "There is no validation folder: 15 % of train became the validation split."
        return cut(labels, groups, own, VAL, seed=seed), "archive, val cut from train", [_note(note)]
    return own, "archive", []


def _note(text: str) -> Problem:
    return Problem(file="", reason=text, kind="note")


def _fingerprint(taken: Sequence[Taken], classes: Sequence[str], splits: Ints, seed: int) -> str:
    images = sorted((image.content, image.label, int(part)) for image, part in zip(taken, splits, strict=True))
    return digest({"rules": RULES, "classes": classes, "seed": seed, "images": images})


def summary(dataset: Dataset) -> dict[str, Any]:
    """What an import tells of its dataset, as plain JSON."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "classes": list(dataset.classes),
        "splits": {name: dataset.count(i) for i, name in enumerate(SPLITS)},
        "problems": len(dataset.problems),
    }


def write_dataset(dataset: Dataset, path: Path) -> None:
    """Write a dataset as JSON, column by column; the file is whole or not there."""
    body = {**vars(dataset), "problems": [asdict(problem) for problem in dataset.problems]}
    body.update({column: body[column].tolist() for column in COLUMNS})
    with whole(path) as part:
        part.write_text(json.dumps(body), encoding="utf-8")


def read_dataset(path: Path) -> Dataset:
    """The dataset that write_dataset wrote."""
    body = json.loads(path.read_text(encoding="utf-8"))
    body.update({column: np.array(body[column], np.int64) for column in COLUMNS})
    body.update({field: tuple(body[field]) for field in ("classes", "paths", "files")})
    body["problems"] = tuple(Problem(**problem) for problem in body["problems"])
    return Dataset(**body)
