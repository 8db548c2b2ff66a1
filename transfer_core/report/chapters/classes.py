"""What each class comes to, and which class is taken for which."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from transfer_core.compare.classes import class_scores
from transfer_core.compare.compared import ClassScore
from transfer_core.presentation.confusions import Mixed, mixed, most_confused, shares
from transfer_core.presentation.entries import Entry
from transfer_core.presentation.theme import LIGHT
from transfer_core.report.gathered import Gathered
from transfer_core.report.thumbnails import address
from transfer_core.types import Ints

MOST_NUMBERED = 25  # classes; more get a picture and a list of the commonest confusions in place of a table
MOST_UNFOLDED = 40  # rows of the table of classes
COMMONEST = 15
PICTURE_PX = 560


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """A run's: as numbers, or of many classes as a picture and a list."""

    entry: Entry
    told: str  # the commonest confusion, in a sentence
    images: tuple[tuple[int, ...], ...]  # rows are labels
    shares: tuple[tuple[float, ...], ...]  # of the label's images
    picture: str  # an address; '' where there are few classes
    commonest: tuple[Mixed, ...]


@dataclass(frozen=True, kw_only=True)
class ClassesChapter:
    names: tuple[str, ...]
    runs: tuple[Entry, ...]  # the chosen one first
    scores: tuple[tuple[ClassScore, ...], ...]  # of each run and class
    confusions: tuple[Confusion, ...]  # in the order of runs

    @property
    def is_long(self) -> bool:
        return len(self.names) > MOST_UNFOLDED


def classes(gathered: Gathered) -> ClassesChapter:
    names, chosen = gathered.dataset.classes, gathered.chosen
    runs = (chosen, *(each for each in gathered.entries if each is not chosen))
    return ClassesChapter(
        names=names,
        runs=runs,
        scores=tuple(class_scores(each.score.confusion) for each in runs),
        confusions=tuple(_confusion(each, names) for each in runs),
    )


def _confusion(entry: Entry, names: tuple[str, ...]) -> Confusion:
    matrix = entry.score.confusion
    return Confusion(
        entry=entry,
        told=most_confused(matrix, names),
        images=tuple(map(tuple, matrix.tolist())),
        shares=tuple(map(tuple, shares(matrix).tolist())),
        picture=_picture(matrix) if len(names) > MOST_NUMBERED else "",
        commonest=tuple(mixed(matrix)[:COMMONEST]),
    )


def _picture(matrix: Ints) -> str:
    """A confusion matrix as a picture, stronger where more of a label's images lie."""
    share = shares(matrix)
    pixels = np.zeros((*share.shape, 4), dtype=np.uint8)
    pixels[..., :3] = [int(LIGHT.shades[6][i : i + 2], 16) for i in (1, 3, 5)]
    pixels[..., 3] = np.where(matrix > 0, 40 + 215 * share, 0)
    picture = Image.fromarray(pixels)
    scale = max(1, PICTURE_PX // len(share))
    return address(picture.resize((scale * len(share), scale * len(share)), Image.Resampling.NEAREST), "PNG")
