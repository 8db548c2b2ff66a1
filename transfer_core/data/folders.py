"""A folder on this machine as a list of files that are safe to read."""

import os
import stat
from pathlib import Path

from transfer_core.data import members as limits
from transfer_core.data.members import (
    HEAD_BYTES,
    MAX_DEPTH,
    MAX_FILE_BYTES,
    Archive,
    Member,
    Spellings,
    is_junk,
    normal,
    refusal_by_size,
    too_many,
)
from transfer_core.errors import ArchiveError

LINKED = "The folder is a link to another; links are not followed. Copy with what they lead to (cp -rL), or name that."


def folder_archive(root: Path, *, without: Path | None = None) -> Archive:
    """The files of a folder and of those inside it. `without`: a folder that is left out, Graft's own workspace."""
    found: list[Member] = []
    places: list[str] = []
    folders: list[str] = []
    notes: list[str] = []
    spellings, plain = Spellings(), set[str]()
    pending = [(os.fspath(root), "", "")]
    seen = 0
    while pending:
        place, prefix, own = pending.pop()
        try:
            with os.scandir(place) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not prefix:
                raise ArchiveError(f"The folder '{root}' cannot be read ({error.strerror}).") from error
            found.append(Member(path=prefix, size=0, index=len(places), refusal="The folder may not be read."))
            places.append(place)
            continue
        for entry in inside:
            seen += 1
            if seen > limits.MAX_ENTRIES:
                raise ArchiveError(too_many(f"The folder '{root}'"))
            name = os.fsencode(entry.name).decode("utf-8", "replace")
            path = f"{prefix}/{normal(name)}".lstrip("/")
            inner = entry.is_dir(follow_symlinks=False)
            if is_junk(path, folder=inner):
                continue
            if inner and without is not None and os.path.samefile(entry.path, without):
                notes.append(f"The folder '{path}' is the workspace of Graft itself and was left out.")
                continue
            if inner and path.count("/") < MAX_DEPTH:
                folders.append(path)
                pending.append((entry.path, path, f"{own}/{name}".lstrip("/")))
                continue
            size, refusal = _look(entry, path)
            found.append(Member(path=path, size=size, index=len(places), refusal=refusal))
            if own == prefix:
                plain.add(prefix)
            else:
                spellings.add(f"{own}/{name}", path)
            places.append(entry.path)
    return Archive(
        members=tuple(found),
        folders=tuple(sorted(folders)),
        read=lambda member: read_file(places[member.index]),
        head=lambda member: read_file(places[member.index], HEAD_BYTES),
        stream=lambda member: open(places[member.index], "rb"),
        notes=(*notes, *spellings.notes(plain)),
    )


def _look(entry: os.DirEntry[str], path: str) -> tuple[int, str]:
    if entry.is_symlink():
        return 0, LINKED if entry.is_dir() else "The file is a link to another; links are not followed."
    if entry.is_dir(follow_symlinks=False):
        return 0, f"The folder lies deeper than {MAX_DEPTH} folders."
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return 0, f"The file cannot be read ({error.strerror})."
    if not stat.S_ISREG(status.st_mode):
        return 0, "The entry is not a regular file."
    return status.st_size, refusal_by_size(status.st_size, path)


def read_file(place: str, most: int = 0) -> bytes:
    """The bytes of a regular file, or its first `most`; what has become a link or pipe since is refused."""
    try:
        descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ArchiveError("The entry is not a regular file.")
            data = file.read(most or MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ArchiveError(f"The file cannot be read ({error.strerror}).") from error
    if len(data) > MAX_FILE_BYTES:
        raise ArchiveError(f"The file has grown beyond {MAX_FILE_BYTES >> 20} MB.")
    return data
