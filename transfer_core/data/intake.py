"""Every image of an archive, read once: checked, stored under a number, and made ready to be compared."""

import hashlib
import io
import shutil
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from transfer_core.data.archive import Archive
from transfer_core.data.layout import EXPECTED, NO_SPLIT, Image, Layout, counted
from transfer_core.data.near_duplicates import Bytes, look
from transfer_core.data.parallel import in_order, paced
from transfer_core.data.pixels import SPARE_BYTES, decode
from transfer_core.errors import ArchiveError, ImageError
from transfer_core.types import SPLITS, TRAIN, Problem, Progress

LOOK_PX = 64  # large JPEGs are decoded to no less: enough to find damage and duplicates
RECHECK_BYTES = 64 << 20  # written between two looks at the free disk


@dataclass(frozen=True, kw_only=True, eq=False)
class Taken:
    """An image that was read, checked and stored."""

    path: str
    label: str
    split: int  # the user's own, or NO_SPLIT
    file: str  # its name in samples/
    width: int
    height: int
    content: str  # SHA-256 of the user's file
    look: Bytes
    written: int  # bytes


def take(
    archive: Archive, layout: Layout, samples: Path
) -> Generator[Progress, None, tuple[list[Taken], list[Problem]]]:
    """Store every usable image of `layout` in `samples`; returns these and a problem for each of the others.

    JPEGs are kept byte for byte, and so are plain PNGs; everything else becomes an upright 8-bit RGB PNG.
    Raises ArchiveError when the images do not fit on the disk.
    """
    require_room(samples, sum(image.member.size for image in layout.images) * 6 // 5)
    taken: list[Taken] = []
    skipped: list[Problem] = []
    start, written = time.monotonic(), 0

    def read() -> Iterator[tuple[int, Image, bytes | str]]:
        for i, image in enumerate(layout.images):
            try:
                yield i, image, archive.read(image.member)
            except ArchiveError as error:
                yield i, image, str(error)

    with closing(in_order(lambda job: _store(*job, samples), read())) as results:
        for done, result in enumerate(results, start=1):
            if isinstance(result, Problem):
                skipped.append(result)
            else:
                taken.append(result)
                if written // RECHECK_BYTES != (written := written + result.written) // RECHECK_BYTES:
                    require_room(samples, 0)
            yield paced("Reading images", done, len(layout.images), start)
    return taken, skipped


def _store(number: int, image: Image, data: bytes | str, samples: Path) -> Taken | Problem:
    if isinstance(data, str):
        return Problem(file=image.member.path, reason=data)
    if not data:
        return Problem(file=image.member.path, reason="The file is empty.")
    try:
        decoded = decode(io.BytesIO(data), enough_px=LOOK_PX)
    except ImageError as error:
        return Problem(file=image.member.path, reason=str(error))
    file = samples / f"{number:06d}.{'jpg' if decoded.jpeg else 'png'}"
    if decoded.jpeg or decoded.plain:
        file.write_bytes(data)
    else:
        decoded.image.save(file, "PNG", compress_level=1)
    return Taken(
        path=image.member.path,
        label=image.label,
        split=image.split,
        file=file.name,
        width=decoded.width,
        height=decoded.height,
        content=hashlib.sha256(data).hexdigest(),
        look=look(decoded.image),
        written=file.stat().st_size,
    )


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
        (samples / image.file).unlink()
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
