"""Which file belongs to which class and split, from the list of names alone, and the other ways to read it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from transfer_core.data.class_names import joined, said
from transfer_core.data.folder_tree import tree
from transfer_core.data.kinds import images as images_of
from transfer_core.data.masks import without_masks
from transfer_core.data.members import SUFFIXES, Archive, Member, is_archive, suffix
from transfer_core.data.readings import Ground, Image, Reading, Readings, Way, lies
from transfer_core.data.split_names import NO_SPLIT, read
from transfer_core.data.tables import Table, gather
from transfer_core.data.uncollected import uncollected
from transfer_core.errors import ArchiveError
from transfer_core.types import Problem
from transfer_core.words import listed, some

__all__ = ["EXPECTED", "NO_SPLIT", "SUFFIXES", "Image", "Layout", "Reading", "counted", "natural", "plan"]

EXPECTED = (
    "Graft expects at least two class folders with images in them, such as cats/1.jpg and dogs/1.jpg, alone or inside "
    "train/, val/ and test/; or a table with a file and its label in each line; or labels in file names (cat_1.jpg)."
)
NUMBERS = re.compile("([0-9]+)")
EMPTY_LISTED = 20  # class folders without images that are named one by one


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What an archive or folder is read as."""

    reading: Reading
    images: tuple[Image, ...]
    unlabelled: tuple[Member, ...] = ()  # kept for prediction
    problems: tuple[Problem, ...] = ()
    others: tuple[Reading, ...] = ()  # that fit too
    asks: str = ""  # why another reading is about as likely; '' where the first is clear

    @cached_property
    @uncollected()
    def classes(self) -> dict[str, Counter[int]]:
        """Images of each class by split, in the order of the names."""
        found: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for image in self.images:
            found[image.label][image.split] += 1
        return {label: found[label] for label in in_order(found)}

    @property
    def read_as(self) -> str:
        """What was read, where something else might have been; else ''."""
        if self.reading.labels == "folder" and not self.others:
            return ""
        others = " or ".join(said_of(each) for each in self.others[:3])
        return f"Read as: {said_of(self.reading)}." + (f" It could also be {others}." if others else "")

    @property
    def question(self) -> str:
        """What is asked, with every reading, for who answers by `--labels`."""
        shown = [f"--labels {_quoted(each.labels)}: {said_of(each)}" for each in (self.reading, *self.others)]
        return f"{self.asks} Say which is meant: {'; '.join(shown)}." if self.asks else ""


def said_of(reading: Reading) -> str:
    """ "class = deepest folder (81 classes)" """
    return f"{reading.title} ({some(reading.classes, 'class').replace('classs', 'classes')})"


def _quoted(labels: str) -> str:
    return labels if re.fullmatch(r"[\w:./-]+", labels) else f'"{labels}"'


def natural(text: str) -> list[Any]:
    """A sort key that puts 'class 10' after 'class 9': words, and between them numbers as their length and digits."""
    pieces: list[Any] = NUMBERS.split(text.casefold())
    pieces[1::2] = [(len(number := digits.lstrip("0")), number) for digits in pieces[1::2]]
    return pieces


def in_order(labels: Iterable[str]) -> list[str]:
    """Class names as people order them: by value where all are numbers, else 'class 10' after 'class 9'."""
    names = list(labels)
    try:
        return sorted(names, key=lambda name: (float(name.replace(",", ".")), name))
    except ValueError:
        return sorted(names, key=lambda name: (natural(name), name))


@uncollected()
def plan(archive: Archive, name: str, *, labels: str = "", beside: Sequence[Path] = ()) -> Layout:
    """Classes and splits of an archive's files. `labels`: how to tell classes, as `--labels` takes it; '' finds out.

    `beside`: tables that lie beside the source. Raises ArchiveError when fewer than two classes are found.
    """
    named, others = images_of(archive)
    if not named:
        raise ArchiveError(f"No images were found in '{name}': {_kinds(archive)}. {EXPECTED}")
    photos, masks = without_masks(member for member in named if not member.refusal)
    if not photos:
        raise ArchiveError(f"None of the {len(named)} images in '{name}' can be read. {named[0].refusal} {EXPECTED}")
    tables, unread = gather(archive, others, beside)
    readings = Readings(tree(photos), photos, tables)
    ways, asks = readings.told(labels) if labels else readings.found()
    if labels and len(ways[0].names) < 2:
        raise ArchiveError(_does_not_tell(labels, ways, name))
    if not labels and readings.ground.roots.trainless:
        ways = []
    ways = [way for way in ways if len(way.names) > 1] or ways[:1]
    _require_classes(ways, readings.ground, photos, tables, name)
    way = ways[0]
    merged = joined(_by_split(way.images))
    images = [replace(each, label=merged.get(each.label, each.label)) for each in way.images] if merged else way.images
    if archive.forwards:
        images = sorted(images, key=lambda image: image.member.index)
    names = {image.label for image in images}
    problems = [
        Problem(file=member.path, reason=_why_not(member)) for member in others if member.path not in way.tables
    ]
    problems += [Problem(file=member.path, reason=member.refusal) for member in named if member.refusal]
    notes = [*archive.notes, *way.notes, *unread]
    return Layout(
        reading=replace(way.reading, classes=len(names)),
        images=tuple(images),
        unlabelled=tuple(way.unlabelled),
        problems=(
            *(*problems, *masks, *way.problems, *_outside(readings.ground)),
            *(Problem(file="", reason=note, kind="note") for note in notes),
            *(*said(names, merged), *_empty_classes(archive, names, readings.ground), *_kept(way)),
        ),
        others=tuple(each.reading for each in ways[1:]),
        asks=asks if len(ways) > 1 or (not labels and asks) else "",
    )


def _does_not_tell(labels: str, ways: Sequence[Way], name: str) -> str:
    """That the way that was asked for, the first, tells no classes, and which others do."""
    told = f"all of its images are of one class, '{min(ways[0].names)}'" if ways[0].names else "no image has a label so"
    others = [f"{each.reading.labels}: {said_of(each.reading)}" for each in ways[1:] if len(each.names) > 1]
    instead = f" What does: {'; '.join(others)}." if others else ""
    return f"Read by '{labels}', '{name}' has no two classes: {told}.{instead}"


def _by_split(images: Iterable[Image]) -> dict[int, set[str]]:
    found: defaultdict[int, set[str]] = defaultdict(set)
    for image in images:
        found[image.split].add(image.label)
    return found


def _kept(way: Way) -> Iterator[Problem]:
    if way.unlabelled:
        folders = Counter(member.path.rpartition("/")[0] for member in way.unlabelled)
        where = listed([f"'{folder}'" if folder else "the top" for folder, _ in folders.most_common(3)])
        text = f"{some(len(way.unlabelled), 'image')} in {where} without a label were kept for prediction."
        yield Problem(file="", reason=text, kind="note", files=len(way.unlabelled))


def _outside(ground: Ground) -> Iterator[Problem]:
    for node, reason in ground.roots.beside:
        for inner in node.walk():
            yield from (Problem(file=each.path, reason=reason or lies(each)) for each in inner.images)


def _why_not(member: Member) -> str:
    if member.refusal:
        return member.refusal
    if is_archive(member.path):
        return "An archive that lies beside images is not unpacked."
    ending = suffix(member.path)
    what = f"A {ending} file is not an image" if ending else "A file without an ending is not an image"
    return f"{what} that Graft reads."


def _require_classes(
    ways: Sequence[Way], ground: Ground, photos: Sequence[Member], tables: Sequence[Table], name: str
) -> None:
    if ways and len(ways[0].names) > 1:
        return
    seen = f" The table '{tables[0].name}' does not say of enough of them what they are." if tables else ""
    if any(table.holds_images for table in tables):
        seen = f" '{tables[0].name}' holds images as bytes; save them as files, one folder a class."
    labels = Counter(dict.fromkeys(ground.labels(1), 0) if ground.levels else {})
    for spot in ground.deep:
        if spot.rest[0].strip() in labels:
            labels[spot.rest[0].strip()] += len(spot.images)
    folders = [node.node.name for node in ground.roots.parts if node.node.path] or list(labels)
    if ground.roots.trainless or (folders and not labels and all(read(each).sure for each in folders)):
        found = " and ".join(f"'{each}'" for each in folders)
        raise ArchiveError(
            f"In '{name}' there are {found}, but no train folder with class folders in it.{seen} {EXPECTED}"
        )
    if not labels:
        found = f"{len(photos):,} images that lie side by side, without class folders"
        raise ArchiveError(f"In '{name}' there are {found}.{seen} {EXPECTED}")
    raise ArchiveError(f"In '{name}' there is one class only, {counted(labels)}.{seen} {EXPECTED}")


def counted(labels: Counter[str]) -> str:
    """ "'cats' (12 images), 'dogs' (1 image)" for a sentence; at most five by name."""
    shown = [f"'{label}' ({some(n, 'image')})" for label, n in labels.most_common(5)]
    return ", ".join(shown) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")


def _kinds(archive: Archive) -> str:
    if not archive.members:
        return f"only {len(archive.folders)} empty folders" if archive.folders else "it is empty"
    refused = next((member for member in archive.members if member.refusal), None)
    if refused is not None:
        return f"'{refused.path}': {refused.refusal.rstrip('.')}"
    kinds = Counter(suffix(m.path) or "without an ending" for m in archive.members)
    return f"only {len(archive.members):,} other files (" + ", ".join(k for k, _ in kinds.most_common(5)) + ")"


def _empty_classes(archive: Archive, labels: set[str], ground: Ground) -> Iterator[Problem]:
    """Class folders without images; of very many a number."""
    tops = {"/".join(part.node.path) for part in ground.roots.parts}
    empty: dict[str, str] = {}
    for folder in archive.folders:
        above, _, name = folder.rpartition("/")
        if above in tops and name.strip() not in labels:
            empty.setdefault(name.strip(), folder)
    held = {node.name.strip() for part in ground.roots.parts for node in part.node.children} if empty else set()
    listed_ = sorted((name for name in empty.keys() - held), key=natural) if len(empty) < 10_000 else list(empty)
    for label in listed_[:EMPTY_LISTED]:
        yield Problem(file=empty[label], reason="The class folder holds no images and was left out.", kind="note")
    if len(listed_) > EMPTY_LISTED:
        text = f"{len(listed_) - EMPTY_LISTED:,} more class folders hold no images and were left out."
        yield Problem(file="", reason=text, kind="note")
