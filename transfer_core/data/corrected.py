"""A new dataset from an old one and what was said of some of its images: another label, or no place in it.

The old one stays as it is. Images that stay keep their split and their near-duplicates, so accuracies before and after
are of the same images save for those that were dropped.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from transfer_core.data.checks import duplicates, listed, small_classes
from transfer_core.data.dataset import Alike, read_alike, summary, write_dataset
from transfer_core.data.intake import require_room
from transfer_core.data.unlabelled import UNLABELLED
from transfer_core.errors import DatasetError
from transfer_core.types import SPLITS, TEST, TRAIN, VAL, Dataset, Event, Ints, Mark, Problem, Progress, RunEnd, digest
from transfer_core.words import some

RULES = 1  # raised when the same marks would make something else
STEP = 500  # images between two words of progress
NAME = 80  # characters of a dataset's name


def effective(dataset: Dataset, marks: Sequence[Mark]) -> tuple[Mark, ...]:
    """Marks that change something, by sample. Raises DatasetError for those that no image or class answers to."""
    for mark in marks:
        if not 0 <= mark.sample < len(dataset):
            raise DatasetError(f"'{dataset.name}' has no image number {mark.sample}; it has {len(dataset):,} images.")
        if mark.label is not None and not 0 <= mark.label < len(dataset.classes):
            raise DatasetError(
                f"'{dataset.name}' has no class number {mark.label}; it has {len(dataset.classes)} classes."
            )
    found = {mark.sample: mark for mark in marks}
    if len(found) < len(marks):
        twice = next(mark.sample for mark in marks if sum(mark.sample == other.sample for other in marks) > 1)
        raise DatasetError(f"'{dataset.paths[twice]}' is marked twice. Say once what becomes of it.")
    return tuple(found[sample] for sample in sorted(found) if found[sample].label != dataset.labels[sample])


def corrected_id(dataset: Dataset, marks: Sequence[Mark]) -> str:
    """The fingerprint of what these marks make of a dataset, in whatever order they were given."""
    changes = [[mark.sample, dataset.paths[mark.sample], mark.label] for mark in effective(dataset, marks)]
    return digest({"corrected": RULES, "of": dataset.id, "changes": changes})


def corrected_name(dataset: Dataset, marks: Sequence[Mark]) -> str:
    """ "clothing, 5 corrected" """
    what = f", {len(effective(dataset, marks)):,} corrected"
    return dataset.name[: NAME - len(what)].rstrip() + what


def changed(dataset: Dataset, marks: Sequence[Mark]) -> tuple[Ints, Ints]:
    """The samples that stay, and the labels that all would have: (K,), (N,).

    Raises DatasetError when nothing is marked, and when a class would lose its last training image or a split its last
    image.
    """
    real = effective(dataset, marks)
    if not real:
        raise DatasetError(f"No image of '{dataset.name}' is marked, so there is nothing to correct. Mark one first.")
    labels, stays = dataset.labels.copy(), np.ones(len(dataset), dtype=bool)
    for mark in real:
        if mark.label is None:
            stays[mark.sample] = False
        else:
            labels[mark.sample] = mark.label
    train = dataset.splits == TRAIN
    lost = set(dataset.labels[train].tolist()) - set(labels[train & stays].tolist())
    if lost:
        names = " and ".join(f"'{dataset.classes[label]}'" for label in sorted(lost))
        raise DatasetError(
            f"No training image of {names} would be left, so it could not be learnt. Keep at least one in its class."
        )
    for split in (VAL, TEST):
        if dataset.count(split) and not (stays & (dataset.splits == split)).any():
            raise DatasetError(f"No {SPLITS[split]} image of '{dataset.name}' would be left. Keep at least one.")
    return np.flatnonzero(stays), labels


def corrected(dataset: Dataset, marks: Sequence[Mark], same: Ints | None = None, alike: Alike | None = None) -> Dataset:
    """The new dataset. Raises DatasetError as `changed` does.

    `same`: (N,) a number that identical files of the old dataset share; None: no two are. `alike`: the old dataset's;
    None: as its groups say.
    """
    rows, labels = changed(dataset, marks)
    alike = _kept(Alike(dataset.groups, np.zeros(len(dataset), bool)) if alike is None else alike, rows)
    same = np.arange(len(dataset)) if same is None else same
    new = replace(
        dataset,
        id=corrected_id(dataset, marks),
        name=corrected_name(dataset, marks),
        paths=tuple(dataset.paths[row] for row in rows),
        files=tuple(dataset.files[row] for row in rows),
        labels=labels[rows],
        splits=dataset.splits[rows],
        groups=np.unique(dataset.groups[rows], return_inverse=True)[1],
        widths=dataset.widths[rows],
        heights=dataset.heights[rows],
        created=time.time(),
    )
    return replace(new, problems=_problems(dataset, new, same[rows], alike, _note(dataset, marks)))


def _kept(alike: Alike, rows: Ints) -> Alike:
    """Of the samples that stay. Where all of a group that stay are turned, none is against the others."""
    numbers = np.unique(alike.numbers[rows], return_inverse=True)[1]
    turned = alike.turned[rows]
    upright = np.bincount(numbers, ~turned) > 0
    return Alike(numbers, turned & upright[numbers])


def _note(dataset: Dataset, marks: Sequence[Mark]) -> Problem:
    real = effective(dataset, marks)
    dropped = sum(mark.label is None for mark in real)
    moved = len(real) - dropped
    parts = [f"{some(moved, 'label')} changed"] * bool(moved)
    parts += [f"{some(dropped, 'image')} dropped"] * bool(dropped)
    reason = f"A corrected version of '{dataset.name}' ({dataset.id}): {', '.join(parts)}. Splits stay as they were."
    return Problem(file="", reason=reason, kind="note", files=len(real))


def _problems(old: Dataset, new: Dataset, same: Ints, alike: Alike, note: Problem) -> tuple[Problem, ...]:
    """What depends on labels and images is looked for anew; what the import said of files and folders stays."""
    found = duplicates(new.paths, new.labels, same, alike.numbers, _own_splits(new), alike.turned)
    fresh = listed([*found, *small_classes(new.classes, new.labels, new.splits), note])
    stale = set(listed(small_classes(old.classes, old.labels, old.splits)))
    kept = [p for p in old.problems if p.kind not in ("leak", "conflict", "duplicate") and p not in stale]
    first = [problem for problem in kept if problem.kind == "skipped"]
    return (*first, *fresh, *(problem for problem in kept if problem.kind != "skipped"))


def _own_splits(dataset: Dataset) -> Ints | None:
    """The splits that the user's folders gave, those cut from train put back; None where they gave none."""
    if dataset.splits_from == "seed":
        return None
    cut = {"archive, val cut from train": VAL, "archive, test cut from train": TEST}.get(dataset.splits_from)
    return np.where(dataset.splits == cut, TRAIN, dataset.splits) if cut is not None else dataset.splits


def correct(dataset: Dataset, marks: Sequence[Mark], source: Path, target: Path) -> Iterator[Event]:
    """Make the new dataset in `target`, an empty folder, from the old one's: samples/, dataset.json and facts.json.

    `source`: the old one's samples; its images without a label lie beside them, and go along. Files are hard
    links, which take no room and live on when the old dataset is deleted; copies where the disk knows no links. The
    last event's result is that of an import. Raises DatasetError as `changed` does.
    """
    rows, _ = changed(dataset, marks)
    alike = read_alike(dataset, source.parent)
    same = yield from _identical(dataset, alike, source)
    files = [(source / dataset.files[row], target / "samples" / dataset.files[row]) for row in rows]
    without = source.with_name(UNLABELLED)
    files += [(file, target / UNLABELLED / file.name) for file in sorted(without.glob("*"))]
    yield from _linked(dataset, files)
    new = corrected(dataset, marks, same, alike)
    write_dataset(new, target / "dataset.json", _kept(alike, rows))
    yield RunEnd(status="done", result=summary(new))


def _identical(dataset: Dataset, alike: Alike, source: Path) -> Generator[Progress, None, Ints]:
    """A number that identical files share: (N,). Only near-duplicates are read; no others can be identical."""
    same = np.arange(len(dataset))
    together = np.flatnonzero(np.bincount(alike.numbers)[alike.numbers] > 1)
    first: dict[bytes, int] = {}
    for done, row in enumerate(together.tolist(), start=1):
        try:
            content = hashlib.sha256((source / dataset.files[row]).read_bytes()).digest()
        except OSError as error:
            raise _unreadable(dataset, source / dataset.files[row], error) from error
        same[row] = first.setdefault(content, row)
        if done % STEP == 0 or done == len(together):
            yield Progress(what="Comparing duplicates", done=done, of=len(together))
    return same


def _linked(dataset: Dataset, files: Sequence[tuple[Path, Path]]) -> Iterator[Progress]:
    """`files`: where each is, and where it goes."""
    for folder in {new.parent for _, new in files}:
        folder.mkdir()
    place: Callable[[Path, Path], object] = os.link
    start = time.monotonic()
    for done, (old, new) in enumerate(files, start=1):
        try:
            try:
                place(old, new)
            except OSError:
                if place is not os.link or not old.exists():
                    raise
                place = shutil.copyfile
                require_room(new.parent, sum(file.stat().st_size for file, _ in files[done - 1 :]))
                place(old, new)
        except OSError as error:
            raise _unreadable(dataset, old, error) from error
        if done % STEP == 0 or done == len(files):
            rate = done / max(time.monotonic() - start, 1e-6)
            left = (len(files) - done) / rate
            yield Progress(what="Taking over images", done=done, of=len(files), seconds_left=left)


def _unreadable(dataset: Dataset, file: Path, error: OSError) -> DatasetError:
    known = dict(zip(dataset.files, dataset.paths, strict=True))
    why = error.strerror or "the disk gave no reason"
    name = known.get(file.name, file.name)
    return DatasetError(f"'{name}' of '{dataset.name}' cannot be taken over: {why}. Nothing was made.")
