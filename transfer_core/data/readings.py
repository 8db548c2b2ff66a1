"""The ways to tell classes: by folders at some level, by file names, by tables; and which of them is meant."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from transfer_core.data import name_labels
from transfer_core.data.folder_tree import Node, Roots, roots
from transfer_core.data.members import Member
from transfer_core.data.split_names import NO_SPLIT, UNLABELLED, is_filler, read
from transfer_core.data.tables import Labelled, Table, from_file, labelled
from transfer_core.errors import ArchiveError
from transfer_core.types import TEST, TRAIN, VAL, Problem
from transfer_core.words import listed, some

CROSSED = 0.5  # of sub-folder names, that repeat under other folders: then they are no finer classes
MANY_PARENTS = 10  # from here on what lies above repeated names is somebody, a patient say, and stays on one side
MORE = 1.02  # so much more images have to be in a table that says the same as the folders
ENOUGH = 0.5  # of the images, that a table has to label
TWICE = "The table has two labels for the image."


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A file that claims to be an image of a class."""

    member: Member
    label: str
    split: int  # index into SPLITS, or NO_SPLIT
    group: str = ""  # equal for images that belong on one side of a split


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A way to tell classes."""

    labels: str  # as `--labels` takes it: folder, leaf, level:N, name:PATTERN, a table
    title: str  # "class = deepest folder"
    classes: int
    images: int


@dataclass(eq=False)
class Way:
    """A reading with what it makes of the images."""

    labels: str
    title: str
    images: list[Image] = field(default_factory=list)
    unlabelled: list[Member] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)  # that it reads

    @property
    def names(self) -> set[str]:
        return {image.label for image in self.images}

    @property
    def reading(self) -> Reading:
        return Reading(labels=self.labels, title=self.title, classes=len(self.names), images=len(self.images))


@dataclass(eq=False)
class Spot:
    """A folder with images of its own, and what of its path may tell classes."""

    images: list[Member]
    rest: tuple[str, ...]  # below wrappings and splits
    split: int


class Ground:
    """Where a set's classes begin, and its images by folder."""

    def __init__(self, top: Node, *, folders_are_classes: bool = False) -> None:
        self.roots: Roots = roots(top, folders_are_classes=folders_are_classes)
        self.spots: list[Spot] = []
        self._labels: dict[int, frozenset[str]] = {}
        for part in self.roots.parts:
            skipped = len(part.node.path)
            for node in part.node.walk():
                self.spots.append(Spot(images=node.images, rest=node.path[skipped:], split=part.split))
        if not folders_are_classes:
            _splits_inside(self.spots)
        _bare(self.spots)

    @property
    def own_splits(self) -> bool:
        return any(spot.split != NO_SPLIT for spot in self.spots)

    @cached_property
    def deep(self) -> list[Spot]:
        """Folders that may tell classes."""
        return [spot for spot in self.spots if spot.rest and spot.split != UNLABELLED]

    def labels(self, level: int) -> frozenset[str]:
        """Class names at a level of folders; of train alone where there is one."""
        level = min(level, self.levels)
        if level not in self._labels:
            spots = [spot for spot in self.deep if spot.split in (NO_SPLIT, TRAIN)] or self.deep
            self._labels[level] = frozenset(_at(spot.rest, level).strip() for spot in spots)
        return self._labels[level]

    @cached_property
    def levels(self) -> int:
        return max((len(spot.rest) for spot in self.deep), default=0)


LEAF = 99  # a level that is deeper than any


def _at(rest: tuple[str, ...], level: int) -> str:
    return rest[min(level, len(rest)) - 1]


def _splits_inside(spots: list[Spot]) -> None:
    """Splits below the classes, cats/train/1.jpg, where every class has them."""
    deep = [spot for spot in spots if spot.rest]
    if not deep or any(spot.split != NO_SPLIT for spot in spots):
        return
    for place in range(1, max(len(spot.rest) for spot in deep)):
        found = [read(spot.rest[place]) for spot in deep if len(spot.rest) > place]
        if len(found) == len(deep) and all(each.sure for each in found) and {each.split for each in found} > {TRAIN}:
            for spot, each in zip(deep, found, strict=True):
                spot.split = each.split
                spot.rest = (*spot.rest[:place], *spot.rest[place + 1 :])
            return


def _bare(spots: list[Spot]) -> None:
    """Folders that are called the same in every class, cats/images/1.jpg, tell nothing."""
    while True:
        deep = [spot for spot in spots if spot.rest]
        if len(deep) < 2 or min(len(spot.rest) for spot in deep) < 2 or len({spot.rest[-1] for spot in deep}) > 1:
            return
        for spot in deep:
            spot.rest = spot.rest[:-1]


# --- folders --------------------------------------------------------------------------------------


def by_folder(ground: Ground, level: int, labels: str, title: str, fill: Labelled | None = None) -> Way:
    """Classes by the folder at a level. `fill`: labels of images in flat validation and test folders, from a table."""
    way = Way(labels, title)
    apart = _parents(ground) if level == LEAF else {}
    known = ground.labels(level)
    raw: defaultdict[str, set[str]] = defaultdict(set)
    for spot in ground.spots:
        if not spot.rest or spot.split == UNLABELLED:
            _flat(way, spot, fill, known)
            continue
        name = _at(spot.rest, level)
        parents = apart.get(name, set())
        label, group = name.strip(), ""
        if len(parents) > 1:
            if _crossed(apart):
                group = "/".join(spot.rest[:-1]) if len(set().union(*apart.values())) >= MANY_PARENTS else ""
            else:
                label = "/".join(part.strip() for part in spot.rest[-2:])
        raw[label].add(name)
        way.images += [Image(member=each, label=label, split=spot.split, group=group) for each in spot.images]
    for label, spelled in raw.items():
        if len({each for each in spelled if each.strip() == label}) > 1:
            way.notes.append(f"Folders that are called '{label}' with and without blanks around it became one class.")
    if any(image.group for image in way.images):
        way.notes.append("Images that lie below one folder, a patient's say, stay on one side of the splits.")
    return way


def _flat(way: Way, spot: Spot, fill: Labelled | None, known: frozenset[str]) -> None:
    """Images without a class folder: of a validation or test folder they are to be predicted, unless a table knows."""
    for member in spot.images:
        entry = fill.entries.get(member.index) if fill is not None else None
        if entry is not None and entry.label in known and spot.split not in (UNLABELLED, NO_SPLIT):
            way.images.append(Image(member=member, label=entry.label, split=spot.split))
        elif spot.split in (VAL, TEST, UNLABELLED):
            way.unlabelled.append(member)
        else:
            way.problems.append(Problem(file=member.path, reason=lies(member)))
    if fill is not None and any(image.member in spot.images[:1] for image in way.images[-len(spot.images) :]):
        way.tables = fill.names


def lies(member: Member) -> str:
    folder = member.path.rpartition("/")[0].rpartition("/")[2]
    where = f"directly in '{folder}'" if folder else "at the top"
    return f"The image lies {where}, not in a class folder."


def _parents(ground: Ground) -> dict[str, set[tuple[str, ...]]]:
    """What lies above each deepest folder's name."""
    found: defaultdict[str, set[tuple[str, ...]]] = defaultdict(set)
    for spot in ground.deep:
        found[spot.rest[-1]].add(spot.rest[:-1])
    return found


def _crossed(parents: dict[str, set[tuple[str, ...]]]) -> bool:
    """Whether the same sub-folder names repeat under most folders: patients and findings, colour modes and diseases."""
    every = set().union(*parents.values())
    if len(every) < 2 or len(parents) < 2:
        return False
    repeated = [name for name, above in parents.items() if len(above) > 1]
    filled = sum(map(len, parents.values())) / (len(parents) * len(every))
    return len(repeated) >= CROSSED * len(parents) and filled >= CROSSED


def folder_ways(ground: Ground, fill: Labelled | None) -> tuple[list[Way], str]:
    """Readings by folders, the likeliest first, and why the second is about as likely; none without classes."""
    levels = ground.levels
    if not levels or len(ground.labels(LEAF)) < 2:
        return [], ""
    if levels == 1:
        return [by_folder(ground, 1, "folder", "class = folder", fill)], ""
    ways = {1: by_folder(ground, 1, "folder", "class = top folder", fill)} if len(ground.labels(1)) > 1 else {}
    ways |= {
        level: by_folder(ground, level, f"level:{level}", f"class = folder of level {level}", fill)
        for level in range(2, levels)
    }
    ways[LEAF] = by_folder(ground, LEAF, "leaf", "class = deepest folder", fill)
    if 1 not in ways:
        return [ways.pop(LEAF), *ways.values()], ""
    parents = _parents(ground)
    if _crossed(parents):
        names = listed([f"'{name}'" for name in sorted(parents)[:3]])
        asks = f"The same folders, such as {names}, repeat under every folder, so either may be the class."
        return [ways.pop(LEAF), *ways.values()], asks
    if min(len(spot.rest) for spot in ground.deep) < 2:
        return [ways.pop(1), *ways.values()], ""
    kinds = {re.sub(r"\d+", "#", name).casefold() for name in parents}
    if 3 * len(kinds) <= len(parents) or (len(kinds) < len(parents) and 2 * len(kinds) <= len(ground.labels(1))):
        first = next(iter(sorted(parents)))
        asks = (
            f"The deepest folders are numbered ('{first}'), so they may be classes, or parts of the folders above them."
        )
        return [ways.pop(1), ways.pop(LEAF), *ways.values()], asks
    return [ways.pop(LEAF), *ways.values()], ""


# --- file names -----------------------------------------------------------------------------------


def _stem(member: Member) -> str:
    name = member.path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def by_name(ground: Ground, pattern: str) -> Way:
    """Classes by a pattern of the file's name, wherever the file lies."""
    found = name_labels.compiled(pattern)
    way = Way(f"name:{pattern}", f"label = {name_labels.words(pattern)}")
    for split in sorted({spot.split for spot in ground.spots}, key=lambda split: split not in (TRAIN, NO_SPLIT)):
        of = [member for spot in ground.spots if spot.split == split for member in spot.images]
        labels = [name_labels.label_of(found, _stem(member)) for member in of]
        known = way.names
        without = split == UNLABELLED or (split in (VAL, TEST) and known.isdisjoint(labels))
        for member, label in zip(of, labels, strict=True):
            if without:
                way.unlabelled.append(member)
            elif label:
                way.images.append(Image(member=member, label=label, split=split))
            else:
                why = f"Its name does not fit '{pattern}', from which labels are taken."
                way.problems.append(Problem(file=member.path, reason=why))
    return way


def name_ways(ground: Ground) -> tuple[list[Way], str]:
    """Readings by file names, the likeliest first, and why the first may be wrong."""
    learned = [spot for spot in ground.spots if spot.split in (TRAIN, NO_SPLIT)] or ground.spots
    fits = name_labels.fitting(_stem(member) for spot in learned for member in spot.images)
    ways = [by_name(ground, fit.pattern) for fit in fits]
    if not fits or fits[0].sure:
        return ways, ""
    some_of = listed([f"'{label}'" for label in list(dict.fromkeys(fits[0].counts))[:3]])
    return ways, f"There are no class folders and no table. File names may hold labels ({some_of}), or mean nothing."


# --- tables ---------------------------------------------------------------------------------------


def by_table(ground: Ground, table: Labelled) -> Way:
    """Classes by what a table says of each image; splits too, where it has them, else by folders."""
    way = Way(table.reading, f"label = {table.title}", tables=table.names)
    told = any(entry.split != NO_SPLIT for entry in table.entries.values())
    for spot in ground.spots:
        for member in spot.images:
            entry = table.entries.get(member.index)
            if member.index in table.twice:
                way.problems.append(Problem(file=member.path, reason=TWICE))
            elif entry is None:
                way.unlabelled.append(member)
            else:
                split = entry.split if told else max(spot.split, NO_SPLIT)
                way.images.append(Image(member=member, label=entry.label, split=split, group=entry.group))
    splits = {image.split for image in way.images}
    if NO_SPLIT in splits and len(splits) > 1:  # a few without: they are learned from
        way.images = [
            Image(member=each.member, label=each.label, split=TRAIN if each.split == NO_SPLIT else each.split,
                  group=each.group) for each in way.images
        ]  # fmt: skip
    if table.missing:
        shown = f"'{table.missing[0]}'"
        way.notes.append(f"{some(len(table.missing), 'line')} of the table name no image here, the first {shown}.")
    if any(image.group for image in way.images):
        way.notes.append("Images of one group of the table stay on one side of the splits.")
    return way


def _agree(table: Labelled, folders: Way) -> bool:
    """Whether a table and the folders put the same images together."""
    pairs = {
        (image.label, table.entries[image.member.index].label)
        for image in folders.images
        if image.member.index in table.entries
    }
    return bool(pairs) and len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs})


# --- which is meant -------------------------------------------------------------------------------


class Readings:
    """All ways to read a source, and which of them is meant."""

    def __init__(self, top: Node, photos: Sequence[Member], known: Sequence[Table]) -> None:
        self._top, self._photos, self._known = top, photos, known
        self.ground = Ground(top)

    def told(self, labels: str) -> tuple[list[Way], str]:
        """The way that was asked for, first, then those that fit too. Raises ArchiveError for one that is not known."""
        way = self._told(labels)
        ways, _ = self.found()
        return [way, *(each for each in ways if each.labels != way.labels)], ""

    def _told(self, labels: str) -> Way:
        kind, _, rest = labels.partition(":")
        if labels == "folder":
            self.ground = Ground(self._top, folders_are_classes=True)
            return by_folder(
                self.ground, 1, "folder", "class = top folder" if self.ground.levels > 1 else "class = folder"
            )
        if labels == "leaf":
            return by_folder(self.ground, LEAF, "leaf", "class = deepest folder")
        if kind == "level" and rest.isdecimal() and int(rest) > 0:
            return by_folder(self.ground, int(rest), labels, f"class = folder of level {int(rest)}")
        if kind == "name" and rest:
            return by_name(self.ground, rest)
        return by_table(self.ground, self._table(labels))

    def _table(self, labels: str) -> Labelled:
        for name, column in ((labels, ""), labels.rsplit(":", 1) if ":" in labels else ("", "")):
            inside = [each for each in self._known if name and f"/{each.name}".endswith(f"/{name}")]
            if not inside and name and Path(name).expanduser().is_file():
                inside = [from_file(Path(name).expanduser())]
            if inside:
                found = labelled(inside, self._photos, column=column)
                if found:
                    found[0].names = [name]
                    return found[0]
                raise ArchiveError(
                    f"The table '{name}' names too few of the images, or says no label of them. It needs a column with "
                    "file names and one with labels, such as file,label."
                )
        raise ArchiveError(
            f"'{labels}' is no way to tell classes. It is folder, leaf, level:2, name:{{label}}_# or a table's path."
        )

    def found(self) -> tuple[list[Way], str]:
        """The ways that fit, the likeliest first, and why another is about as likely; '' where it is clear."""
        doubt = self.ground.roots.doubtful
        listed_in = labelled(self._known, self._photos)
        whole = [each for each in listed_in if len(each.entries) >= ENOUGH * len(self._learned())]
        classes = self.ground.labels(1) | self.ground.labels(LEAF)
        fill = next((each for each in listed_in if classes.issuperset(each.labels)), None)
        folders, asks = folder_ways(self.ground, fill)
        tables_ = [by_table(self.ground, each) for each in whole]
        if doubt and folders:
            forced = by_folder(Ground(self._top, folders_are_classes=True), 1, "folder", "class = top folder")
            folders = [each for each in folders if each.labels != "folder"] or folders
            if forced.names != folders[0].names and len(forced.names) > 1:
                folders = [*folders, forced]
            asks = doubt
        if not whole:
            if folders:
                return folders, asks
            return name_ways(self.ground)
        if not folders:
            return [*tables_, *name_ways(self.ground)[0]], "" if whole[0].known else _which(whole)
        if _agree(whole[0], folders[0]):
            more = len(tables_[0].images) > MORE * len(folders[0].images)
            return ([*tables_, *folders], "") if more else ([*folders, *tables_], asks)
        if not whole[0].known:
            return [*folders, *tables_], asks
        kinds = {re.sub(r"\d+", "#", name).casefold() for name in folders[0].names}
        if len(kinds) == 1 or all(is_filler(name) for name in folders[0].names):
            return [*tables_, *folders], ""
        return [
            *tables_,
            *folders,
        ], f"The folders tell other classes than the {whole[0].title}, so either may be meant."

    def _learned(self) -> list[Member]:
        """Images that ought to have a label."""
        spots = [spot for spot in self.ground.spots if spot.split in (TRAIN, NO_SPLIT)] or self.ground.spots
        return [member for spot in spots for member in spot.images]


def _which(found: Sequence[Labelled]) -> str:
    if len(found) == 1:
        return ""
    columns = listed([f"'{each.column}'" for each in found[:4]])
    return f"No column of the table says that it is the label; it may be one of {columns}."
