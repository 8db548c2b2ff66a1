"""Which file belongs to which class and split, from the names of folders alone."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from transfer_core.data.archive import Archive, Member
from transfer_core.data.pictures import may_be_image
from transfer_core.errors import ArchiveError
from transfer_core.types import TEST, TRAIN, VAL, Problem
from transfer_core.words import some

SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation"), VAL),
    **dict.fromkeys(("test", "testing"), TEST),
}
NO_SPLIT = -1
EXPECTED = (
    "Graft expects at least two class folders with images in them, such as cats/1.jpg and dogs/1.jpg, "
    "alone or inside train/, val/ and test/."
)


@dataclass(frozen=True, kw_only=True)
class Image:
    """A file that claims to be an image of a class."""

    member: Member
    label: str
    split: int  # index into SPLITS, or NO_SPLIT


@dataclass(frozen=True, kw_only=True)
class Layout:
    images: tuple[Image, ...]  # in natural order of their paths
    problems: tuple[Problem, ...]


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that puts 'class 10' after 'class 9'."""
    pieces = re.findall(r"[0-9]+|[^0-9]+", text.casefold())
    return tuple((0, len(n := p.lstrip("0")), n) if p[0] in "0123456789" else (1, 0, p) for p in pieces)


def split_of(folder: str) -> int:
    """The split that a folder's name means, or NO_SPLIT."""
    return SPLIT_NAMES.get(folder.strip().casefold(), NO_SPLIT)


def plan(archive: Archive, name: str) -> Layout:
    """Classes and splits of an archive's files. Raises ArchiveError when its folders show fewer than two classes."""
    named = [member for member in archive.members if may_be_image(member.path)]
    if not named:
        raise ArchiveError(f"No images were found in '{name}': {_kinds(archive)}. {EXPECTED}")
    paths = [member.parts for member in named]
    root = _split_root(paths)
    images: list[Image] = []
    problems: list[Problem] = []
    depth = _wrapping(paths) if root is None else len(root) + 1  # of the class folders
    for member in sorted(archive.members, key=lambda member: (natural(member.path), member.path, member.index)):
        parts = member.parts
        split = split_of(parts[depth - 1]) if len(parts) >= depth and parts[: depth - 1] == root else NO_SPLIT
        label = parts[depth].strip() if len(parts) > depth + 1 else ""
        reason = member.refusal or _not_an_image(member)
        if not reason and root is not None and split == NO_SPLIT:
            reason = "The image lies outside the folders train, val and test."
        if not reason and not label:
            where = f"directly in '{parts[-2]}'" if len(parts) > 1 else "at the top"
            reason = f"The image lies {where}, not in a class folder."
        if reason:
            problems.append(Problem(file=member.path, reason=reason))
        else:
            images.append(Image(member=member, label=label, split=split))
    _require_classes(images, named, name)
    labels = {image.label for image in images}
    problems += _empty_classes(archive, labels, root, depth)
    problems += _splits_inside_classes(images, labels, depth) if root is None else []
    return Layout(images=tuple(images), problems=tuple(problems))


def _split_root(paths: list[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The folder that holds train/<class>/..., if there is just one; the first such, from the top."""
    roots = {parts[:i] for parts in paths for i, folder in enumerate(parts[:-2]) if split_of(folder) == TRAIN}
    depth = min(map(len, roots), default=0)
    top = [root for root in roots if len(root) == depth]
    if len(top) != 1:
        return None
    root = top[0]
    inside = [parts[depth:] for parts in paths if parts[:depth] == root]
    beside = {split_of(parts[0]) for parts in inside if len(parts) > 1}
    trained = {parts[1] for parts in inside if len(parts) > 2 and split_of(parts[0]) == TRAIN}
    may_be_class = NO_SPLIT in beside and not beside & {VAL, TEST} and len(trained) < 2  # 'train' beside 'bus'
    return None if may_be_class else root


def _wrapping(paths: list[tuple[str, ...]]) -> int:
    """How many folders wrap the class folders: as long as all images share one and folders with images follow."""
    depth = 0
    while True:
        heads = {parts[depth] for parts in paths if len(parts) > depth + 1}
        if len(heads) != 1 or not any(len(parts) > depth + 2 for parts in paths):
            return depth
        head = heads.pop()
        paths = [parts for parts in paths if len(parts) > depth + 1 and parts[depth] == head]
        depth += 1


def _suffix(path: str) -> str:
    return os.path.splitext(path)[1].casefold()


def _not_an_image(member: Member) -> str:
    if may_be_image(member.path):
        return ""
    suffix = _suffix(member.path)
    what = f"A {suffix} file is not an image" if suffix else "A file without an ending is not an image"
    return f"{what} that Graft reads."


def _require_classes(images: list[Image], named: list[Member], name: str) -> None:
    labels = Counter(image.label for image in images)
    if not images and all(member.refusal for member in named):
        raise ArchiveError(f"None of the {len(named)} images in '{name}' can be read. {named[0].refusal} {EXPECTED}")
    if not images:
        found = f"{len(named)} images that lie side by side, without class folders"
        raise ArchiveError(f"In '{name}' there are {found}. {EXPECTED}")
    if all(split_of(label) != NO_SPLIT for label in labels):
        found = " and ".join(f"'{label}'" for label in labels)
        raise ArchiveError(f"In '{name}' there are {found}, but no train folder with class folders in it. {EXPECTED}")
    if len(labels) < 2:
        raise ArchiveError(f"In '{name}' there is one class only, {counted(labels)}. {EXPECTED}")


def counted(labels: Counter[str]) -> str:
    """ "'cats' (12 images), 'dogs' (1 image)" for a sentence; at most five by name."""
    shown = [f"'{label}' ({some(n, 'image')})" for label, n in labels.most_common(5)]
    return ", ".join(shown) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")


def _kinds(archive: Archive) -> str:
    if not archive.members:
        return f"only {len(archive.folders)} empty folders" if archive.folders else "it is empty"
    kinds = Counter(_suffix(m.path) or "without an ending" for m in archive.members)
    return f"only {len(archive.members):,} other files (" + ", ".join(k for k, _ in kinds.most_common(5)) + ")"


def _empty_classes(archive: Archive, labels: set[str], root: tuple[str, ...] | None, depth: int) -> Iterator[Problem]:
    empty: dict[str, str] = {}
    for folder in archive.folders:
        parts = tuple(folder.split("/"))
        in_split = root is None or (parts[: depth - 1] == root and split_of(parts[depth - 1]) != NO_SPLIT)
        if len(parts) == depth + 1 and in_split and parts[depth].strip() not in labels:
            empty.setdefault(parts[depth].strip(), folder)
    for label in sorted(empty, key=natural):
        yield Problem(file=empty[label], reason="The class folder holds no images and was left out.", kind="note")


def _splits_inside_classes(images: list[Image], labels: set[str], depth: int) -> Iterator[Problem]:
    inside: defaultdict[str, set[str]] = defaultdict(set)
    for image in images:
        parts = image.member.parts
        if len(parts) > depth + 2 and split_of(parts[depth + 1]) != NO_SPLIT:
            inside[parts[depth + 1]].add(image.label)
    for folder in sorted(folder for folder, found in inside.items() if found == labels):
        reason = f"The folders '{folder}' inside the classes were not taken as a split; put splits above classes."
        yield Problem(file="", reason=reason, kind="note")
