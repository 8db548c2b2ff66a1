"""What an archive or folder would become, before any of it is taken in."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.data.archive import Archive, opened
from transfer_core.data.checks import listed
from transfer_core.data.code_pages import TITLES
from transfer_core.data.layout import NO_SPLIT, Layout, Reading, plan, said_of
from transfer_core.data.meant import Meant
from transfer_core.data.pictures import deep
from transfer_core.data.pixels import decode, encoded
from transfer_core.data.scales import scale_of
from transfer_core.data.storing import with_scale
from transfer_core.errors import GraftError
from transfer_core.types import NEWEST, SPLITS, Problem, Rendering

SAMPLED = 24  # classes of which pictures are shown
EACH = 3  # pictures of a class
PX = 128  # the longer side of one
QUALITY = 80
FORWARDS_BYTES = 200_000_000  # of a compressed archive, up to which pictures are read out of it


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A source as it is read: classes with counts, splits, what is left out and why, and the other readings."""

    name: str
    readings: tuple[Reading, ...]  # the one that is shown, then the others that fit
    asks: str  # why another one is about as likely; '' where the first is clear
    question: str  # the same with every reading, for who answers by `--labels`
    counts: dict[str, int]  # images of each class, in the order of the names
    splits: dict[str, int]  # images by the source's own splits; empty where it has none
    unlabelled: int  # images that are kept for prediction
    left_out: tuple[Problem, ...]
    notes: tuple[str, ...]
    encoding: str  # of its names, where it had to be guessed or was told
    encodings: tuple[tuple[str, str], ...]  # that fit, the likeliest first: Python's name and people's

    @property
    def reading(self) -> Reading:
        return self.readings[0]

    @property
    def images(self) -> int:
        return sum(self.counts.values())

    def said(self, reading: Reading) -> str:
        """A reading for people: "class = deepest folder (81 classes)" """
        return said_of(reading)


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A look at some of the images."""

    pictures: dict[str, tuple[bytes, ...]]  # small JPEGs by class; b"" for what cannot be shown
    bands: int = 3  # of the files with more than three the fewest; 3 where there are none


def preview(source: Path, name: str, meant: Meant) -> Preview:
    """Plan the import of `source` from the names inside alone. Raises ArchiveError as an import does."""
    with opened(source, encoding=meant.encoding, without=meant.without) as archive:
        return described(archive, planned(archive, name, meant), name)


def planned(archive: Archive, name: str, meant: Meant) -> Layout:
    return plan(archive, name, labels=meant.labels, beside=meant.tables)


def described(archive: Archive, layout: Layout, name: str) -> Preview:
    problems = listed(layout.problems)
    return Preview(
        name=name,
        readings=(layout.reading, *layout.others),
        asks=layout.asks,
        question=layout.question,
        counts={label: found.total() for label, found in layout.classes.items()},
        splits=_splits(layout),
        unlabelled=len(layout.unlabelled),
        left_out=tuple(problem for problem in problems if problem.kind == "skipped"),
        notes=tuple(problem.reason for problem in problems if problem.kind != "skipped"),
        encoding=archive.encoding,
        encodings=tuple((page, TITLES[page]) for page in archive.encodings),
    )


def _splits(layout: Layout) -> dict[str, int]:
    found = dict.fromkeys(SPLITS, 0)
    for image in layout.images:
        if image.split == NO_SPLIT:
            return {}
        found[SPLITS[image.split]] += 1
    return {name: count for name, count in found.items() if count}


def sampled(
    archive: Archive, layout: Layout, bands: tuple[int, ...], *, enough: Callable[[], bool] = lambda: False
) -> Sampled:
    """Pictures of the first classes, deep ones on a scale that they share; none where reading them takes too long.

    `bands`: which of more than three. `enough`: whether nobody waits for them any more.
    """
    wanted: dict[str, list[int]] = {label: [] for label in list(layout.classes)[:SAMPLED]}
    if archive.forwards and archive.size > FORWARDS_BYTES:
        return Sampled(pictures={})
    members = []
    for image in layout.images:
        if image.label in wanted and len(wanted[image.label]) < EACH:
            wanted[image.label].append(image.member.index)
            members.append(image.member)
    rendering, shown = replace(NEWEST, bands=bands), dict[int, bytes | NDArray[np.generic]]()
    more = set[int]()
    for member in sorted(members, key=lambda member: member.index):
        if enough():
            break
        try:
            found = decode(io.BytesIO(archive.read(member)), rendering, enough_px=PX)
        except GraftError:
            shown[member.index] = b""
            continue
        more |= {found.bands} if found.bands > 3 else set()
        shown[member.index] = _small(found.image) if found.values is None else _few(found.values)
    labels = {index: label for label, indices in wanted.items() for index in indices}
    scaled = _scaled({index: each for index, each in shown.items() if not isinstance(each, bytes)}, labels, rendering)
    pictures = {index: each for index, each in shown.items() if isinstance(each, bytes)} | scaled
    return Sampled(
        pictures={label: tuple(pictures[i] for i in indices if i in pictures) for label, indices in wanted.items()},
        bands=min(more, default=3),
    )


def _scaled(files: dict[int, NDArray[np.generic]], labels: dict[int, str], rendering: Rendering) -> dict[int, bytes]:
    """Pictures of deep values, by file; those of a kind share a scale as they will after the import."""
    for depth in sorted({deep.kind(values) for values in files.values()}):
        classes: dict[str, list[NDArray[np.float32]]] = {}
        for index, values in files.items():
            if deep.kind(values) == depth:
                classes.setdefault(labels[index], []).append(np.asarray(values, np.float32).reshape(-1))
        if scale := scale_of([np.concatenate(each) for each in classes.values()], floats=depth == "floats"):
            rendering = with_scale(rendering, depth, scale)
    return {
        index: _small(Image.fromarray(deep.scaled(values, rendering)).convert("RGB")) for index, values in files.items()
    }


def _few(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """As many as a small picture needs, so that those of all files fit into memory."""
    step = max(1, max(values.shape[:2]) // PX)
    return values[::step, ::step].copy()


def _small(image: Image.Image) -> bytes:
    image = image.copy()
    image.thumbnail((PX, PX))
    return encoded(image, "JPEG", quality=QUALITY)
