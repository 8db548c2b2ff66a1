"""Images without a label, kept with a dataset under numbers, so that its runs can be asked what they are."""

import json
from collections.abc import Generator
from pathlib import Path

from transfer_core import awake
from transfer_core.data.archive import LISTED, Archive
from transfer_core.data.intake import require_room
from transfer_core.data.layout import Layout
from transfer_core.data.members import suffix
from transfer_core.data.parallel import paced
from transfer_core.errors import ArchiveError
from transfer_core.kept import whole
from transfer_core.types import Problem, Progress

UNLABELLED = "unlabelled"  # folder of a dataset; `archive.opened` reads it under the user's names


def keep_unlabelled(archive: Archive, layout: Layout, folder: Path) -> Generator[Progress, None, list[Problem]]:
    """Copy the layout's images without a label as they are, with a list of their names; a problem for each unreadable.

    Raises ArchiveError when they do not fit on the disk.
    """
    require_room(folder.parent, sum(member.size for member in layout.unlabelled))
    folder.mkdir()
    names: dict[str, str] = {}
    problems: list[Problem] = []
    start = awake.seconds()
    for number, member in enumerate(layout.unlabelled):
        try:
            data = archive.read(member)
        except ArchiveError as error:
            problems.append(Problem(file=member.path, reason=str(error)))
            continue
        file = f"{number:06d}{suffix(member.path)}"
        (folder / file).write_bytes(data)
        names[file] = member.path
        yield paced("Keeping images without a label", number + 1, len(layout.unlabelled), start)
    with whole(folder / LISTED) as part:
        part.write_text(json.dumps(names), encoding="utf-8")
    return problems
