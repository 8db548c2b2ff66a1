"""Labelled images."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from transfer_core.types.plain import Ints
from transfer_core.types.rendering import FIRST_RULES, Rendering

SPLITS = ("train", "val", "test")  # a sample's split is an index into this
TRAIN, VAL, TEST = 0, 1, 2
UNUSED = -1  # the split of a sample that a recipe leaves out
FACTS = "facts.json"  # in a dataset's folder: its rendering, and the files that its problems show
JUDGES = 10  # with folds, one part in so many of what the tested fold leaves is for validation


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something about a user's images that they should know; `file` is their own name for it, or ''."""

    file: str
    reason: str
    kind: Literal["skipped", "duplicate", "leak", "conflict", "small", "shortcut", "look", "note"] = "skipped"
    files: int = 1  # how many files it speaks of
    shown: tuple[str, ...] = ()  # a few of these, by the user's own names, where a look at them says more


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Labelled images as columns, not as an object per image. Sample `i` lies in `files[i]` on disk."""

    id: str  # fingerprint of the images, labels, splits and the import's rules
    name: str
    classes: tuple[str, ...]
    paths: tuple[str, ...]  # (N,) the user's own names, for people to read
    files: tuple[str, ...]  # (N,) names under datasets/<id>/samples/
    labels: Ints  # (N,) index into classes
    splits: Ints  # (N,) index into SPLITS
    groups: Ints  # (N,) near-duplicates share a number
    widths: Ints  # (N,) px, as stored, EXIF orientation applied
    heights: Ints  # (N,) px
    problems: tuple[Problem, ...] = ()
    splits_from: Literal["archive", "archive, val cut from train", "archive, test cut from train", "seed"] = "seed"
    seed: int = 0
    owner: str = ""
    created: float = 0.0  # seconds since 1970
    rendering: Rendering = FIRST_RULES  # how its files, and those that its networks see later, become pictures

    def __len__(self) -> int:
        return len(self.files)

    @property
    def aspect(self) -> float:
        """Median of the longer side over the shorter, of the images to learn from; 1 without any."""
        learned = (self.splits == TRAIN) | (self.splits == VAL)
        wide, high = self.widths[learned], self.heights[learned]
        return float(np.median(np.maximum(wide, high) / np.maximum(1, np.minimum(wide, high)))) if len(wide) else 1.0

    def rows(self, split: int) -> Ints:
        """Sample numbers of one split, ascending: (N_split,)."""
        return np.flatnonzero(self.splits == split)

    def count(self, split: int) -> int:
        return int((self.splits == split).sum())


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What is to become of an image in a corrected version of its dataset."""

    sample: int
    label: int | None  # index into classes; None: it is dropped
