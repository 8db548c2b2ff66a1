"""What a user should know about their images: duplicates, leaks, doubtful labels, classes that are too small."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from transfer_core.types import SPLITS, TRAIN, Dataset, Ints, Problem
from transfer_core.words import some

MOST_OF_A_KIND = 1000  # problems listed one by one; the rest of a kind becomes one line
ORDER = ("skipped", "conflict", "leak", "small", "shortcut", "look", "duplicate", "note")


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What a dataset is like, in numbers."""

    counts: tuple[tuple[int, int, int], ...]  # per class: images in train, val, test
    images: int
    train_images: int
    imbalance: float  # largest class / smallest class, in train
    median_width_px: int
    median_height_px: int
    smallest_side_px: int
    duplicate_groups: int  # groups of two images or more
    duplicate_images: int  # images in such groups
    skipped: int  # files left out, each listed in Dataset.problems


def profile(dataset: Dataset) -> Profile:
    """A dataset's numbers: counts by class and split, sizes, duplicates, files left out."""
    counts = _counts(dataset.labels, dataset.splits, len(dataset.classes))
    train = counts[:, TRAIN]
    sizes = np.bincount(dataset.groups)
    return Profile(
        counts=tuple((int(a), int(b), int(c)) for a, b, c in counts),
        images=len(dataset),
        train_images=int(train.sum()),
        imbalance=float(train.max() / max(train.min(), 1)),
        median_width_px=int(np.median(dataset.widths)),
        median_height_px=int(np.median(dataset.heights)),
        smallest_side_px=int(min(dataset.widths.min(), dataset.heights.min())),
        duplicate_groups=int((sizes > 1).sum()),
        duplicate_images=int(sizes[sizes > 1].sum()),
        skipped=sum(problem.files for problem in dataset.problems if problem.kind == "skipped"),
    )


def duplicates(
    paths: Sequence[str],
    labels: Ints,
    same: Ints,
    groups: Ints,
    own_splits: Ints | None,
    turned: NDArray[np.bool_] | None = None,
) -> Iterator[Problem]:
    """Leaks across the user's own splits, pictures with two labels, and one line about all duplicates.

    `same` is a number that identical files share, `groups` one that near-duplicates share, too; `turned`
    says which are flipped or turned against the first of their group, where that is known: (N,) each.
    """
    sizes = np.bincount(groups)
    turned = np.zeros(len(groups), bool) if turned is None else turned
    order = np.argsort(groups, kind="stable")
    order = order[sizes[groups[order]] > 1]
    together = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1) if len(order) else []
    for rows in together:
        likeness = "The same file" if len(np.unique(same[rows])) == 1 else "Nearly the same picture"
        if turned[rows].any():
            likeness += ", flipped or turned,"
        if own_splits is not None and len(found := np.unique(own_splits[rows])) > 1:
            places = " and ".join(SPLITS[split] for split in found)
            yield _group("leak", f"{likeness} is in {places}", rows, paths, own_splits)
        if len(np.unique(labels[rows])) > 1:
            yield _group("conflict", f"{likeness} has two labels", rows, paths, labels)
    if together:
        exact = len(paths) - len(np.unique(same))
        text = f"{len(order):,} images form {some(len(together), 'group')} of the same or nearly the same picture"
        text += "; 1 is an exact copy" if exact == 1 else f"; {exact:,} are exact copies" if exact else ""
        flipped = int(turned.sum())
        text += f"; {flipped:,} {'is' if flipped == 1 else 'are'} flipped or turned. " if flipped else ". "
        text += "Splits made here keep a group together." if own_splits is None else "Your own splits were not changed."
        yield Problem(file="", reason=text, kind="duplicate", files=len(order))


def _group(kind: Literal["leak", "conflict"], what: str, rows: Ints, paths: Sequence[str], sides: Ints) -> Problem:
    """A problem that names the first file of one side, and of the others one each."""
    first = [int(rows[sides[rows] == side][0]) for side in np.unique(sides[rows])]
    others = ", ".join(f"'{paths[row]}'" for row in first[1:])
    more = f" and {len(rows) - len(first)} more" if len(rows) > len(first) else ""
    return Problem(file=paths[first[0]], reason=f"{what}: see {others}{more}.", kind=kind, files=len(rows))


def small_classes(classes: Sequence[str], labels: Ints, splits: Ints) -> Iterator[Problem]:
    """One problem for each class that some split lacks, while others have it."""
    counts = _counts(labels, splits, len(classes))
    for label, row in zip(classes, counts.tolist(), strict=True):
        missing = " and ".join(name for name, n in zip(SPLITS, row, strict=True) if n == 0)
        if missing:
            few = "too few for all three splits: " if sum(row) < 3 else "but "
            why = f"Class '{label}' has {some(sum(row), 'image')}, {few}none in {missing}."
            yield Problem(file="", reason=why, kind="small", files=sum(row))


def lost_classes(
    images: Iterable[tuple[str, str]], kept: Iterable[str], skipped: Sequence[Problem]
) -> Iterator[Problem]:
    """A problem for each class of which no file could be read. `images`: path and label of each; `kept`: labels."""
    lost: dict[str, list[str]] = {}
    there = set(kept)
    for path, label in images:
        if label not in there:
            lost.setdefault(label, []).append(path)
    why = {problem.file: problem.reason for problem in skipped} if lost else {}
    for label, paths in lost.items():
        none = "its only file cannot be read" if len(paths) == 1 else f"none of its {len(paths):,} files can be read"
        reason = f"Class '{label}' was left out: {none}. '{paths[0]}': {why.get(paths[0], '')}"
        yield Problem(file="", reason=reason, kind="small", files=len(paths))


def listed(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems in order of weight, at most 1,000 of a kind and one line for the rest of them."""
    kept: list[Problem] = []
    everything = list(problems)
    for kind in ORDER:
        mine = [problem for problem in everything if problem.kind == kind]
        kept += mine[:MOST_OF_A_KIND]
        if rest := mine[MOST_OF_A_KIND:]:
            files = sum(problem.files for problem in rest)
            reason = f"{len(rest):,} more of this kind, the first: '{rest[0].file}': {rest[0].reason}"
            kept.append(Problem(file="", reason=reason, kind=rest[0].kind, files=files))
    return tuple(kept)


def _counts(labels: Ints, splits: Ints, classes: int) -> Ints:
    """Images by class and split: (C, 3)."""
    return np.bincount(labels * len(SPLITS) + splits, minlength=classes * len(SPLITS)).reshape(classes, len(SPLITS))
