"""What each class comes to, and which class is taken for which."""

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from transfer_core.compare.classes import class_scores
from transfer_core.presentation.confusions import Mixed, mixed, most_confused, shares
from transfer_core.presentation.entries import Entry
from transfer_core.presentation.theme import LIGHT
from transfer_core.report.gathered import Gathered
from transfer_core.types import ClassScore, Ints

MOST_NUMBERED = 25  # classes; more get a picture and a list of the commonest confusions in place of a table
MOST_UNFOLDED = 40  # rows of the table of classes
COMMONEST = 15
PICTURE_PX = 560


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    name: str
    score: ClassScore  # of the chosen run
    f1: tuple[float | None, ...]  # of all runs


@dataclass(frozen=True, kw_only=True)
class Cell:
    predicted: str
    images: int
    share: float  # of the label's images


@dataclass(frozen=True, kw_only=True)
class LabelRow:
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """A run's: as numbers, or of many classes as a picture and a list."""

    entry: Entry
    told: str  # the commonest confusion, in a sentence
    rows: tuple[LabelRow, ...]
    picture: str  # an address
    commonest: tuple[Mixed, ...]
    of: tuple[int, ...]  # images of each label


@dataclass(frozen=True, kw_only=True)
class ClassesChapter:
    names: tuple[str, ...]
    runs: tuple[Entry, ...]  # the chosen one first
    rows: tuple[ClassRow, ...]
    confusions: tuple[Confusion, ...]  # in the order of runs

    @property
    def is_long(self) -> bool:
        return len(self.names) > MOST_UNFOLDED


def classes(gathered: Gathered) -> ClassesChapter:
    names, chosen = gathered.dataset.classes, gathered.chosen
    runs = (chosen, *(each for each in gathered.entries if each is not chosen))
    scores = [class_scores(each.score.confusion) for each in runs]
    return ClassesChapter(
        names=names,
        runs=runs,
        rows=tuple(
            ClassRow(name=name, score=own[0], f1=tuple(each.f1 for each in own))
            for name, *own in zip(names, *scores, strict=True)
        ),
        confusions=tuple(_confusion(each, names) for each in runs),
    )


def _confusion(entry: Entry, names: tuple[str, ...]) -> Confusion:
    matrix, few = entry.score.confusion, len(names) <= MOST_NUMBERED
    return Confusion(
        entry=entry,
        told=most_confused(matrix, names),
        rows=_rows(matrix, names) if few else (),
        picture="" if few else _picture(matrix),
        commonest=() if few else tuple(mixed(matrix)[:COMMONEST]),
        of=tuple(matrix.sum(1).tolist()),
    )


def _rows(matrix: Ints, names: tuple[str, ...]) -> tuple[LabelRow, ...]:
    numbers = zip(names, matrix.tolist(), shares(matrix).tolist(), strict=True)
    return tuple(
        LabelRow(
            label=label,
            cells=tuple(
                Cell(predicted=name, images=images, share=share)
                for name, images, share in zip(names, row, of, strict=True)
            ),
        )
        for label, row, of in numbers
    )


def _picture(matrix: Ints) -> str:
    """A confusion matrix as a picture, stronger where more of a label's images lie."""
    share = shares(matrix)
    pixels = np.zeros((*share.shape, 4), dtype=np.uint8)
    pixels[..., :3] = [int(LIGHT.shades[6][i : i + 2], 16) for i in (1, 3, 5)]
    pixels[..., 3] = np.where(matrix > 0, 40 + 215 * share, 0)
    picture = Image.fromarray(pixels)
    scale = max(1, PICTURE_PX // len(share))
    picture = picture.resize((scale * len(share), scale * len(share)), Image.Resampling.NEAREST)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
