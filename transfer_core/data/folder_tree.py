"""The folders that hold images: which wrap others, which are splits, which lie beside the set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from transfer_core.data.members import Member
from transfer_core.data.split_names import NO_SPLIT, UNLABELLED, is_filler, read
from transfer_core.types import SPLITS, TEST, TRAIN, VAL

STRAY = {  # folders that lie beside a set and hold pictures about it
    *("doc", "docs", "documentation", "figures", "figure", "figs", "assets", "static", "screenshots", "screenshot"),
    *("readme", "readme images", "thumbnails", "preview", "previews", "logo", "logos", "plots", "results", "icons"),
    *("media", "examples", "example", "demo", "misc", "notebooks", "code", "src", "scripts", "paper"),
}
OUTSIDE = "The image lies outside the folders train, val and test."
FEW = 0.05  # share of the images beside it that a stray folder may have


@dataclass(eq=False)
class Node:
    """A folder with its images and those inside it."""

    name: str
    path: tuple[str, ...]
    images: list[Member] = field(default_factory=list)  # directly in it
    inside: "dict[str, Node]" = field(default_factory=dict)  # only such as hold images
    total: int = 0

    def walk(self) -> "Iterator[Node]":
        """Every folder with images of its own, from the top."""
        pending = [self]
        while pending:
            node = pending.pop()
            if node.images:
                yield node
            pending += reversed(node.inside.values())

    @property
    def children(self) -> "list[Node]":
        return list(self.inside.values())

    @property
    def nested(self) -> "list[Node]":
        return [child for child in self.inside.values() if child.inside]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A folder below which classes begin, and its split."""

    node: Node
    split: int  # NO_SPLIT, UNLABELLED or an index into SPLITS


@dataclass(kw_only=True)
class Roots:
    """Where the set lies, and what lies beside it."""

    parts: list[Part] = field(default_factory=list)
    top: Node  # the folder that holds the parts, or the classes
    beside: list[tuple[Node, str]] = field(default_factory=list)  # left out, with the reason; their images alone count
    doubtful: str = ""  # why splits may be classes or the other way round

    @property
    def trainless(self) -> bool:
        """Whether there are validation and test folders, and none to learn from."""
        splits = {part.split for part in self.parts}
        return bool(splits & {VAL, TEST}) and TRAIN not in splits


def tree(members: Iterable[Member]) -> Node:
    """Images by their folders. Each path is split once a folder, so that 85,000 images cost what their folders do."""
    root = Node("", ())
    by_folder: dict[str, list[Member]] = {}
    for member in members:
        by_folder.setdefault(member.path.rpartition("/")[0], []).append(member)
    for folder, inside in by_folder.items():
        node = root
        node.total += len(inside)
        for part in folder.split("/") if folder else ():
            node = node.inside.setdefault(part, Node(part, (*node.path, part)))
            node.total += len(inside)
        node.images += inside
    return root


def roots(top: Node, *, folders_are_classes: bool = False) -> Roots:
    """Where classes begin. `folders_are_classes`: doubtful names of splits are names of classes."""
    found = Roots(top=top)
    while True:
        splits, doubt = _splits(top, folders_are_classes)
        if splits:
            found.top, found.doubtful = top, found.doubtful or doubt
            for child in top.children:
                if child.name in splits:
                    found.parts.append(Part(node=child, split=splits[child.name]))
                else:
                    found.beside.append((child, OUTSIDE))
            if top.images:
                found.beside.append((_alone(top), OUTSIDE))
            _look_through(found)
            return found
        below = _holds_splits(top, folders_are_classes)
        if below is not None:
            found.beside += [(each, OUTSIDE) for each in top.children if each is not below]
            if top.images:
                found.beside.append((_alone(top), ""))
            top = below
            continue
        following = _wrapped(top)
        if following is not None and following[2] and folders_are_classes:
            following = None
        if following is None:
            found.top, found.doubtful = top, found.doubtful or doubt
            found.parts.append(Part(node=top, split=NO_SPLIT))
            return found
        kept, strays, by_size = following
        found.doubtful = found.doubtful or by_size
        found.beside += [(each, f"The image lies beside the folder '{kept.name}', in which the classes are.")
                         for each in strays]  # fmt: skip
        if top.images:
            found.beside.append((_alone(top), ""))
        top = kept


def _alone(node: Node) -> Node:
    """The images that lie directly in a folder."""
    return Node(node.name, node.path, images=node.images, total=len(node.images))


def _splits(top: Node, folders_are_classes: bool) -> tuple[dict[str, int], str]:
    """The split of each child that is one, if the children are splits; and why that is doubtful."""
    said = {child.name: read(child.name) for child in top.children}
    sure = {name: each.split for name, each in said.items() if each.sure}
    kinds = set(sure.values())
    trained = [child for child in top.children if sure.get(child.name) == TRAIN]
    others = len(said) > len(sure)
    if TRAIN in kinds:
        classes = {name for child in trained for name in _through(child).inside}
        may_be_class = others and not kinds & {VAL, TEST} and len(classes) < 2  # 'train' beside 'bus'
        alone = not others and len(sure) == 1 and not trained[0].inside and top.path == ()
        if not may_be_class and not alone:
            return sure, ""
    if len(sure) > 1 and not others and kinds <= {VAL, TEST, UNLABELLED} and {VAL, TEST} <= kinds:
        return sure, ""
    worded = {name: each.split for name, each in said.items() if each.split != NO_SPLIT}
    if len(worded) < 2 or len(worded) < sum(not is_stray(name) for name in said):
        return {}, ""
    apart = {said[name].beside for name in worded}
    regular = len(apart - {()}) == 1 and TRAIN in worded.values() and len(set(worded.values())) > 1
    if regular and all(len(_through(child).inside) > 1 for child in top.children if worded.get(child.name) == TRAIN):
        return worded, ""
    if folders_are_classes:
        return {}, ""
    names = " and ".join(f"'{name}'" for name in list(worded)[:2])
    return ({}, f"Every folder's name holds train, test or val as a word ({names}), so they may be splits or classes.")


def _through(node: Node) -> Node:
    """What a folder wraps: as long as it holds one folder alone, which holds others or says nothing."""
    while len(node.inside) == 1 and not node.images:
        child = node.children[0]
        if not (child.inside or is_filler(child.name) or read(child.name).sure or child.name == node.name):
            break
        node = child
    return node


def _look_through(found: Roots) -> None:
    """Wrappings below the splits: train/train/<class>, train/images/<class>, seg_pred/seg_pred/1.jpg."""
    settled = []
    for part in found.parts:
        node = _through(part.node)
        if part.split == UNLABELLED or not node.inside or part.split == TRAIN:
            settled.append(Part(node=node, split=part.split))
            continue
        settled.append(Part(node=part.node, split=part.split))
    classes = {name for part in settled if part.split == TRAIN for name in part.node.inside}
    for i, part in enumerate(settled):
        if part.split not in (TRAIN, UNLABELLED) and part.node.inside and not classes & part.node.inside.keys():
            settled[i] = Part(node=_through(part.node), split=part.split)
    found.parts = settled


def _holds_splits(top: Node, folders_are_classes: bool) -> Node | None:
    """The one folder inside which train/<class>/ lies, at whatever depth, if there is just one."""
    level = [child for child in top.children if child.inside]
    while level:
        holding = [
            node
            for node in level
            if any(
                child.inside and read(name).sure and read(name).split == TRAIN for name, child in node.inside.items()
            )
            or (any(read(name).beside for name in node.inside) and _splits(node, folders_are_classes)[0])
        ]
        if len(holding) == 1 and _splits(holding[0], folders_are_classes)[0]:
            path = holding[0].path
            return top.inside[path[len(top.path)]]
        if holding:
            return None
        level = [child for node in level for child in node.children if child.inside]
    return None


def _wrapped(top: Node) -> tuple[Node, list[Node], str] | None:
    """The one folder that wraps the classes, the strays beside it, and why these may be classes; else None."""
    nested = top.nested
    if len(nested) != 1:
        return None
    inner = nested[0]
    flat = [child for child in top.children if child is not inner]
    unnamed = [child for child in flat if not is_stray(child.name)]
    if not unnamed:
        return (inner, flat, "") if len(inner.inside) > 1 or not flat else None
    smallest = min(child.total for child in inner.children)
    if len(inner.inside) < 2 or any(child.total >= min(FEW * inner.total, smallest) for child in unnamed):
        return None
    names = " and ".join(f"'{child.name}'" for child in unnamed[:3])
    return inner, flat, f"{names} beside '{inner.name}' may be a class, or lie beside the set."


def is_stray(name: str) -> bool:
    """Whether a folder is called so that it hardly is a class: 'docs', 'figures'."""
    return name.strip().casefold().replace("_", " ").replace("-", " ") in STRAY


def split_title(split: int) -> str:
    return SPLITS[split] if split >= 0 else "unlabelled"
