"""A folder on this machine as a list of files that are safe to read."""

import os
import stat
from pathlib import Path
from typing import IO

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
from transfer_core.data.roots import opened_below, regular, why
from transfer_core.errors import ArchiveError

LINKED = "The folder is a link to another; links are not followed. Copy with what they lead to (cp -rL), or name that."


def folder_archive(root: Path, top: int, *, without: Path | None = None) -> Archive:
    """The files of a folder and of those inside it. `top`: its descriptor, which stays open while they are read.

    `without`: a folder that is left out, Graft's own workspace.
    """
    workspace = None if without is None or not without.exists() else without.stat()
    found: list[Member] = []
    places: list[str] = []
    folders: list[str] = []
    notes: list[str] = []
    spellings, plain = Spellings(), set[str]()
    pending = [(".", "", "")]
    seen = 0
    while pending:
        place, prefix, own = pending.pop()
        try:
            folder = opened_below(top, place)
        except OSError as error:
            if not prefix:
                raise ArchiveError(f"The folder '{root}' cannot be read ({why(error)}).") from error
            found.append(Member(path=prefix, size=0, index=len(places), refusal="The folder may not be read."))
            places.append(place)
            continue
        try:
            with os.scandir(folder) as entries:
                inside = sorted(entries, key=lambda entry: entry.name)
            for entry in inside:
                seen += 1
                if seen > limits.MAX_ENTRIES:
                    raise ArchiveError(too_many(f"The folder '{root}'"))
                name = os.fsencode(entry.name).decode("utf-8", "replace")
                path = f"{prefix}/{normal(name)}".lstrip("/")
                inner = entry.is_dir(follow_symlinks=False)
                if is_junk(path, folder=inner):
                    continue
                if inner and workspace is not None and os.path.samestat(entry.stat(), workspace):
                    notes.append(f"The folder '{path}' is the workspace of Graft itself and was left out.")
                    continue
                if inner and path.count("/") < MAX_DEPTH:
                    folders.append(path)
                    pending.append((f"{place}/{entry.name}", path, f"{own}/{name}".lstrip("/")))
                    continue
                size, refusal = _look(entry, path)
                found.append(Member(path=path, size=size, index=len(places), refusal=refusal))
                if own == prefix:
                    plain.add(prefix)
                else:
                    spellings.add(f"{own}/{name}", path)
                places.append(f"{place}/{entry.name}")
        finally:
            os.close(folder)
    return Archive(
        members=tuple(found),
        folders=tuple(sorted(folders)),
        read=lambda member: read_file(top, places[member.index]),
        head=lambda member: read_file(top, places[member.index], HEAD_BYTES),
        stream=lambda member: opened_file(top, places[member.index]),
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


def opened_file(top: int, place: str) -> IO[bytes]:
    """A regular file in an open folder; what has become a link or pipe since is refused."""
    try:
        descriptor = opened_below(top, place)
    except OSError as error:
        raise ArchiveError(f"The file cannot be read ({why(error)}).") from error
    if not regular(descriptor):
        os.close(descriptor)
        raise ArchiveError("The entry is not a regular file.")
    return open(descriptor, "rb")


def read_file(top: int, place: str, most: int = 0) -> bytes:
    """The bytes of a regular file in an open folder, or its first `most`."""
    try:
        with opened_file(top, place) as file:
            data = file.read(most or MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ArchiveError(f"The file cannot be read ({error.strerror}).") from error
    if len(data) > MAX_FILE_BYTES:
        raise ArchiveError(f"The file has grown beyond {MAX_FILE_BYTES >> 20} MB.")
    return data
