"""Every image of an archive, read once: checked, stored under a number, and made ready to be compared."""

import shutil
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from transfer_core import awake
from transfer_core.data.archive import Archive
from transfer_core.data.decoding import decoders
from transfer_core.data.layout import EXPECTED, NO_SPLIT, Layout, counted
from transfer_core.data.parallel import paced
from transfer_core.data.pixels import SPARE_BYTES
from transfer_core.data.storing import Seen
from transfer_core.errors import ArchiveError
from transfer_core.types import SPLITS, TRAIN, Problem, Progress, Rendering

RECHECK_BYTES = 64 << 20  # written between two looks at the free disk


@dataclass(frozen=True, kw_only=True, eq=False)
class Taken:
    """An image that was read, checked and stored."""

    path: str
    label: str
    split: int  # the user's own, or NO_SPLIT
    seen: Seen


def take(
    archive: Archive, layout: Layout, samples: Path, rendering: Rendering
) -> Generator[Progress, None, tuple[list[Taken], list[Problem]]]:
    """Store every usable image of `layout` in `samples`; returns these and a problem for each of the others.

    Images are decoded in processes of their own. Those whose pictures depend on the others of the dataset wait for
    `settled`. Raises ArchiveError when the images do not fit on the disk.
    """
    require_room(samples, sum(image.member.size for image in layout.images) * 6 // 5)
    taken: list[Taken] = []
    skipped: list[Problem] = []
    start, written = awake.seconds(), 0

    def read() -> Iterator[tuple[str, bytes | str]]:
        for number, image in enumerate(layout.images):
            try:
                content: bytes | str = archive.read(image.member) or "The file is empty."
            except ArchiveError as error:
                content = str(error)
            yield f"{number:06d}", content

    with closing(decoders().stored(samples, read(), len(layout.images), rendering)) as results:
        for done, (image, found) in enumerate(zip(layout.images, results, strict=True), start=1):
            if isinstance(found, str):
                skipped.append(Problem(file=image.member.path, reason=found))
            else:
                taken.append(Taken(path=image.member.path, label=image.label, split=image.split, seen=found))
                if written // RECHECK_BYTES != (written := written + found.written) // RECHECK_BYTES:
                    require_room(samples, 0)
            yield paced("Reading images", done, len(layout.images), start)
    return taken, skipped


def settled(taken: Sequence[Taken], samples: Path, rendering: Rendering) -> Generator[Progress, None, list[Taken]]:
    """The same images, those that waited stored as pictures by the rendering that their dataset has."""
    waiting = [i for i, image in enumerate(taken) if image.seen.waits]
    done, start = list(taken), awake.seconds()
    files = [samples / taken[i].seen.file for i in waiting]
    with closing(decoders().settled(files, rendering)) as answers:
        for number, (i, said) in enumerate(zip(waiting, answers, strict=True), start=1):
            done[i] = replace(taken[i], seen=replace(taken[i].seen, **said))
            yield paced("Putting images on one scale", number, len(waiting), start)
    return done


def require_room(folder: Path, need: int) -> None:
    """Raises ArchiveError when fewer than `need` bytes and 2 GB to spare are free on the disk of `folder`."""
    free = shutil.disk_usage(folder).free
    if free < need + SPARE_BYTES:
        raise ArchiveError(
            f"The disk has {free / 1e9:.1f} GB free; the images need {need / 1e9:.1f} GB, and "
            f"{SPARE_BYTES / 1e9:.0f} GB must stay free. Make room, or take fewer images."
        )


def learnable(taken: list[Taken], samples: Path) -> tuple[list[Taken], list[Problem]]:
    """`taken` without classes that the user's own training split lacks, and a problem for each such class."""
    trained = {image.label for image in taken if image.split in (NO_SPLIT, TRAIN)}
    lost = [image for image in taken if image.label not in trained]
    problems = []
    for label, n in Counter(image.label for image in lost).items():
        where = " and ".join(SPLITS[i] for i in sorted({image.split for image in lost if image.label == label}))
        text = f"Class '{label}' has no image in train, so it cannot be learnt; its {n} in {where} were left out."
        problems.append(Problem(file="", reason=text, kind="small", files=n))
    for image in lost:
        (samples / image.seen.file).unlink()
    return [image for image in taken if image.label in trained], problems


def require_classes(taken: Sequence[Taken], problems: Sequence[Problem], name: str) -> None:
    """Raises ArchiveError when fewer than two classes have a usable image; says what was found, and why not more."""
    labels = Counter(image.label for image in taken)
    if len(labels) >= 2:
        return
    skipped = [problem for problem in problems if problem.kind == "skipped"]
    found = f"only one class with usable images, {counted(labels)}" if labels else "no class with usable images"
    why = (
        f"{len(skipped):,} files were skipped, the first: '{skipped[0].file}': {skipped[0].reason} " if skipped else ""
    )
    raise ArchiveError(f"In '{name}' there is {found}. {why}{EXPECTED}")
