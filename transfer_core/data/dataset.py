"""From a zip or folder to a dataset: read, compare, split, fingerprint; and a dataset's file."""

import json
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from transfer_core.data.archive import opened
from transfer_core.data.checks import duplicates, listed, lost_classes, small_classes
from transfer_core.data.decoding import decoders
from transfer_core.data.intake import Taken, learnable, require_classes, settled, take
from transfer_core.data.layout import NO_SPLIT, in_order, plan
from transfer_core.data.looked_at import looked_at, shortcuts
from transfer_core.data.meant import AS_FOUND, Meant
from transfer_core.data.scales import rendering_of
from transfer_core.data.split import cut, split, united
from transfer_core.data.unlabelled import UNLABELLED, keep_unlabelled
from transfer_core.errors import ArchiveError
from transfer_core.kept import save_json, whole
from transfer_core.types import (
    FACTS,
    NEWEST,
    SPLITS,
    TEST,
    TRAIN,
    VAL,
    Dataset,
    Event,
    Ints,
    Problem,
    Progress,
    Rendering,
    RunEnd,
    StageStart,
    digest,
    from_plain,
)

RULES = 2  # of the import: raised when it would make something else of the same files
ALL_ALIKE = (
    "{:,} images look almost the same as much of their class (one camera, or frames of a video?). Only the closest of "
    "them were kept in one split, so the test may be easier than new images will be."
)
COLUMNS = ("labels", "splits", "groups", "widths", "heights")
SplitsFrom = Literal["archive", "archive, val cut from train", "archive, test cut from train", "seed"]


def import_images(
    source: Path,
    target: Path,
    *,
    name: str,
    seed: int = 0,
    about: str = "",
    meant: Meant = AS_FOUND,
) -> Iterator[Event]:
    """Take an archive or folder of images into `target`, an empty folder: samples/, dataset.json and facts.json.

    Images without a label go to unlabelled/. `meant`: how it is to be read. `about`: a sentence on where the images
    come from, which is kept as a note; '' for none. The last event's result is
    {"id", "name", "classes", "splits", "problems"}. Raises ArchiveError when the source is unsafe or damaged, has fewer
    than two usable classes, may be read in two ways that are about as likely, or does not fit on the disk.
    """
    decoders().start()
    from transfer_core.data.near_duplicates import near_duplicates  # and scipy, which takes as long as they do to start

    samples = target / "samples"
    samples.mkdir()
    yield StageStart(stage="read", title="Reading images", number=1, stages=2, unit="images")
    taken, skipped, kin = yield from _read(source, samples, meant)
    taken, unlearnable = learnable(taken, samples)
    require_classes(taken, skipped, source.name)

    yield StageStart(stage="compare", title="Looking for duplicates", number=2, stages=2, unit="images", of=len(taken))
    classes = tuple(in_order({image.label for image in taken}))
    number = {label: i for i, label in enumerate(classes)}
    labels = np.array([number[image.label] for image in taken], np.int64)
    same = np.unique([image.seen.content for image in taken], return_inverse=True)[1]
    pixels = np.array([image.seen.width * image.seen.height for image in taken], np.int64)
    alike = yield from near_duplicates([image.seen.look for image in taken], pixels, same, labels)

    own = np.array([image.split for image in taken], np.int64)
    groups = united(alike.numbers, [kin.get(image.path, "") for image in taken])
    splits, splits_from, notes = _splits(labels, groups, own, seed)
    rendering = rendering_of([image.seen for image in taken], labels, splits == TRAIN, meant.bands)
    taken = yield from settled(taken, samples, rendering)
    if about:
        notes.insert(0, _note(about))
    if alike.loosened:
        notes.append(_note(ALL_ALIKE.format(alike.loosened)))
    paths = tuple(image.path for image in taken)
    found = duplicates(paths, labels, same, alike.numbers, None if splits_from == "seed" else own, alike.turned)
    small = small_classes(classes, labels, splits)
    files = [image.seen for image in taken]
    odd = [*shortcuts(files, labels, classes, paths), *looked_at(files, paths, rendering)]
    dataset = Dataset(
        id=_fingerprint(taken, classes, splits, seed, rendering),
        name=name.strip() or source.stem,
        classes=classes,
        paths=paths,
        files=tuple(seen.file for seen in files),
        labels=labels,
        splits=splits,
        groups=groups,
        widths=np.array([seen.width for seen in files], np.int64),
        heights=np.array([seen.height for seen in files], np.int64),
        problems=listed([*skipped, *unlearnable, *found, *small, *odd, *notes]),
        splits_from=splits_from,
        seed=seed,
        created=time.time(),
        rendering=rendering,
    )
    write_dataset(dataset, target / "dataset.json", Alike(alike.numbers, alike.turned))
    yield RunEnd(status="done", result=summary(dataset))


def _read(
    source: Path, samples: Path, meant: Meant
) -> Generator[Progress, None, tuple[list[Taken], list[Problem], dict[str, str]]]:
    """Images, problems, and the group of each image, by its path, that the source puts into one."""
    yield Progress(what="Checking the archive", done=0, of=0, unit="files")
    with opened(source, encoding=meant.encoding, without=meant.without) as archive:
        yield Progress(what="Checking the archive", done=0, of=len(archive.members), unit="files")
        layout = plan(archive, source.name, labels=meant.labels, beside=meant.tables)
        if layout.asks and not meant.labels:
            raise ArchiveError(layout.question)
        taken, skipped = yield from take(archive, layout, samples, replace(NEWEST, bands=meant.bands))
        if layout.unlabelled:
            skipped += yield from keep_unlabelled(archive, layout, samples.with_name(UNLABELLED))
    kin = {image.member.path: image.group for image in layout.images if image.group}
    notes = [_note(layout.read_as)] if layout.read_as else []
    named = [(image.member.path, image.label) for image in layout.images]
    lost = lost_classes(named, [image.label for image in taken], skipped)
    return taken, [*skipped, *layout.problems, *lost, *notes], kin


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


def _fingerprint(taken: Sequence[Taken], classes: Sequence[str], splits: Ints, seed: int, rendering: Rendering) -> str:
    images = sorted((image.seen.content, image.label, int(part)) for image, part in zip(taken, splits, strict=True))
    known = {"rules": RULES, "classes": classes, "seed": seed, "images": images}
    return digest(known if rendering == NEWEST else known | {"rendering": asdict(rendering)})


def summary(dataset: Dataset) -> dict[str, Any]:
    """What an import tells of its dataset, as plain JSON."""
    return {
        "id": dataset.id,
        "name": dataset.name,
        "classes": list(dataset.classes),
        "splits": {name: dataset.count(i) for i, name in enumerate(SPLITS)},
        "problems": len(dataset.problems),
    }


@dataclass(frozen=True, eq=False)
class Alike:
    """Which images are one picture; `Dataset.groups` joins those that the source names as belonging together, too."""

    numbers: Ints  # (N,) near-duplicates share one
    turned: NDArray[np.bool_]  # (N,) flipped or turned against the first of its group


def write_dataset(dataset: Dataset, path: Path, alike: Alike | None = None) -> None:
    """Write a dataset as JSON, column by column, and beside it what the store's tables have no place for.

    `alike`: what its groups come from, where that is known. Each file is whole or not there.
    """
    body = {**vars(dataset), "problems": [asdict(problem) for problem in dataset.problems]}
    body["rendering"] = asdict(dataset.rendering)
    body.update({column: body[column].tolist() for column in COLUMNS})
    with whole(path) as part:
        part.write_text(json.dumps(body), encoding="utf-8")
    shown = {str(number): problem.shown for number, problem in enumerate(dataset.problems) if problem.shown}
    facts = {"rendering": body["rendering"], "shown": shown}
    if alike is not None:
        facts["turned"] = np.flatnonzero(alike.turned).tolist()
        if len(np.unique(alike.numbers)) > len(np.unique(dataset.groups)):
            facts["alike"] = alike.numbers.tolist()
    save_json(facts, path.with_name(FACTS))


def read_alike(dataset: Dataset, folder: Path) -> Alike:
    """Which images of a dataset in `folder` are one picture; its groups are where an earlier Graft did not keep it."""
    file = folder / FACTS
    facts = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    turned = np.zeros(len(dataset), bool)
    turned[facts.get("turned", [])] = True
    return Alike(np.array(facts["alike"], np.int64) if "alike" in facts else dataset.groups, turned)


def read_dataset(path: Path) -> Dataset:
    """The dataset that write_dataset wrote."""
    body = json.loads(path.read_text(encoding="utf-8"))
    body.update({column: np.array(body[column], np.int64) for column in COLUMNS})
    body.update({field: tuple(body[field]) for field in ("classes", "paths", "files")})
    body["problems"] = tuple(from_plain(Problem, problem) for problem in body["problems"])
    body["rendering"] = from_plain(Rendering, body["rendering"])
    return Dataset(**body)
