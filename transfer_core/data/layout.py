"""Which file belongs to which class and split, from the names of folders alone."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from transfer_core.data.archive import Archive, Member
from transfer_core.errors import ArchiveError
from transfer_core.types import TEST, TRAIN, VAL, Problem

SUFFIXES = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
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
    named = [member for member in archive.members if PurePosixPath(member.path).suffix.casefold() in SUFFIXES]
    if not named:
        raise ArchiveError(f"No images were found in '{name}': {_kinds(archive)}. {EXPECTED}")
    root = _split_root([member.parts for member in named])
    own_splits = root is not None
    depth = _wrapping([member.parts for member in named]) if root is None else len(root)
    images: list[Image] = []
    problems: list[Problem] = []
    for member in sorted(archive.members, key=lambda m: (natural(m.path), m.path, m.index)):
        parts = member.parts
        split = split_of(parts[depth]) if own_splits and parts[:depth] == root and len(parts) > depth else NO_SPLIT
        label = parts[depth + own_splits].strip() if len(parts) > depth + own_splits + 1 else ""
        reason = member.refusal or _misplaced(parts, own_splits, split, label)
        if PurePosixPath(member.path).suffix.casefold() not in SUFFIXES and not member.refusal:
            reason = _not_an_image(member)
        if reason:
            problems.append(Problem(file=member.path, reason=reason))
        else:
            images.append(Image(member=member, label=label, split=split))
    _require_classes(images, named, name, depth)
    problems += _notes(archive, images, depth, own_splits)
    return Layout(images=tuple(images), problems=tuple(problems))


def _split_root(paths: list[tuple[str, ...]]) -> tuple[str, ...] | None:
    """The folder that holds train/<class>/..., if there is just one; the first such, from the top."""
    roots = {parts[:i] for parts in paths for i, folder in enumerate(parts[:-2]) if split_of(folder) == TRAIN}
    depth = min(map(len, roots), default=0)
    top = [root for root in roots if len(root) == depth]
    if len(top) != 1:
        return None
    root = top[0]
    beside = {parts[depth] for parts in paths if parts[:depth] == root and len(parts) > depth + 2}
    splits = {split_of(folder) for folder in beside}
    return root if NO_SPLIT not in splits or splits & {VAL, TEST} else None  # a class may be called 'train'


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


def _misplaced(parts: tuple[str, ...], own_splits: bool, split: int, label: str) -> str:
    if own_splits and split == NO_SPLIT:
        return "The image lies outside the folders train, val and test."
    if not label:
        where = f"directly in '{parts[-2]}'" if len(parts) > 1 else "at the top"
        return f"The image lies {where}, not in a class folder."
    return ""


def _not_an_image(member: Member) -> str:
    suffix = PurePosixPath(member.path).suffix
    what = f"A {suffix} file is not an image" if suffix else "A file without an ending is not an image"
    return f"{what} that Graft reads (jpg, png, webp, bmp, gif, tiff)."


def _require_classes(images: list[Image], named: list[Member], name: str, depth: int) -> None:
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
    shown = [f"'{label}' ({n:,} image{'s' * (n != 1)})" for label, n in labels.most_common(5)]
    return ", ".join(shown) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")


def _kinds(archive: Archive) -> str:
    if not archive.members:
        return f"only {len(archive.folders)} empty folders" if archive.folders else "it is empty"
    kinds = Counter(PurePosixPath(m.path).suffix.casefold() or "without an ending" for m in archive.members)
    return f"only {len(archive.members):,} other files (" + ", ".join(k for k, _ in kinds.most_common(5)) + ")"


def _notes(archive: Archive, images: list[Image], depth: int, own_splits: bool) -> Iterable[Problem]:
    start = depth + own_splits
    labels = {image.label for image in images}
    empty: dict[str, str] = {}
    for folder in archive.folders:
        parts = tuple(folder.split("/"))
        if len(parts) == start + 1 and (not own_splits or split_of(parts[depth]) != NO_SPLIT):
            empty.setdefault(parts[start].strip(), folder)
    for label in sorted(empty.keys() - labels, key=natural):
        yield Problem(file=empty[label], reason="The class folder holds no images and was left out.", kind="note")
    inner: defaultdict[str, set[str]] = defaultdict(set)
    for image in images:
        if len(image.member.parts) > start + 2 and split_of(image.member.parts[start + 1]) != NO_SPLIT:
            inner[image.member.parts[start + 1]].add(image.label)
    for folder, inside in inner.items():
        if not own_splits and len(inside) == len(labels):
            reason = f"The folders '{folder}' inside the classes were not taken as a split; put splits above classes."
            yield Problem(file="", reason=reason, kind="note")
