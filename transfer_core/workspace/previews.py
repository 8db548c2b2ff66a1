"""What an archive or folder would become, before any of it is taken in."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from transfer_core.data.archive import Member, opened
from transfer_core.data.code_pages import TITLES
from transfer_core.data.decoding import Decoders, Shape
from transfer_core.data.layout import NO_SPLIT, Layout, Reading, plan, said_of
from transfer_core.data.meant import Meant
from transfer_core.types import SPLITS, Problem

TINY = Shape(resize_px=8, crop_px=8, fit="crop")  # of squares, which nobody looks at
FORWARDS_BYTES = 200_000_000  # of a compressed tar, up to which pictures are read out of it


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Files from a browser, kept until they are imported or given up."""

    id: str  # of the import's job to be
    source: Path
    name: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Preview:
    """A source as it is read: classes with counts, splits, what is left out and why, and the other readings."""

    source: Path
    name: str
    meant: Meant
    layout: Layout
    encoding: str  # of its names, where it had to be guessed or was told
    encodings: tuple[tuple[str, str], ...]  # that fit, the likeliest first: Python's name and people's
    forwards: bool  # pictures are found by reading all before them

    @property
    def reading(self) -> Reading:
        return self.layout.reading

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The one that is shown, then the others."""
        return (self.layout.reading, *self.layout.others)

    @property
    def counts(self) -> dict[str, int]:
        """Images of each class, in the order of the names."""
        return {label: found.total() for label, found in self.layout.classes.items()}

    @property
    def splits(self) -> dict[str, int]:
        """Images by the source's own splits; empty where it has none."""
        found = dict.fromkeys(SPLITS, 0)
        for image in self.layout.images:
            if image.split == NO_SPLIT:
                return {}
            found[SPLITS[image.split]] += 1
        return {name: count for name, count in found.items() if count}

    @property
    def left_out(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.layout.problems if problem.kind == "skipped")

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(problem.reason for problem in self.layout.problems if problem.kind != "skipped")

    def said(self, reading: Reading) -> str:
        """A reading for people: "class = deepest folder (81 classes)" """
        return said_of(reading)


def preview(source: Path, name: str, meant: Meant) -> Preview:
    """Plan the import of `source` from the names inside alone. Raises ArchiveError as an import does."""
    with opened(source, encoding=meant.encoding, without=meant.without) as archive:
        layout = plan(archive, name, labels=meant.labels, beside=meant.tables)
        pages = tuple((page, TITLES[page]) for page in archive.encodings)
        return Preview(
            source=source,
            name=name,
            meant=meant,
            layout=layout,
            encoding=archive.encoding,
            encodings=pages,
            forwards=archive.forwards and archive.size > FORWARDS_BYTES,
        )


def pictures(found: Preview, labels: Sequence[str], *, each: int = 3, px: int = 128) -> dict[str, tuple[bytes, ...]]:
    """Small JPEGs of some images of classes, b"" for what cannot be shown; none where reading them takes too long.

    They are decoded where an import decodes: in a process of its own, under a memory limit.
    """
    wanted: dict[str, list[Member]] = {label: [] for label in labels}
    for image in found.layout.images if not found.forwards else ():
        if len(members := wanted.get(image.label, [])) < each and image.label in wanted:
            members.append(image.member)
    items = [(label, member) for label, members in wanted.items() for member in members]
    items.sort(key=lambda item: item[1].index)
    shown: dict[str, list[bytes]] = {label: [] for label in labels}
    with closing(Decoders(processes=1)) as decoders:
        places = [(found.source, member) for _, member in items]
        for (label, _), look in zip(items, decoders.looks(places, [TINY], thumbnail_px=px), strict=True):
            shown[label].append(look.thumbnail)
    return {label: tuple(images) for label, images in shown.items()}
