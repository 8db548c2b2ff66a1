"""A zip, a tar, a 7z, a folder or several of these as one list of files that are safe to read.

Nothing is ever written under a name from inside.
"""

import errno
import io
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from transfer_core.data import members as limits
from transfer_core.data import seven_table, zips
from transfer_core.data.folders import folder_archive, opened_file, read_file
from transfer_core.data.members import (
    HEAD_BYTES,
    KINDS,
    SUFFIXES,
    Archive,
    Member,
    is_archive,
    is_junk,
    normal,
    refusal_by_size,
    suffix,
    too_many,
)
from transfer_core.data.roots import opened_place, root_of, why
from transfer_core.data.sevens import MAGIC, seven_archive
from transfer_core.data.tars import is_tar, tar_archive
from transfer_core.data.zips import safe_path, zip_archive
from transfer_core.errors import ArchiveError

__all__ = ["LISTED", "Archive", "Member", "members", "opened"]

LISTED = "files.json"  # in a folder of uploads: the user's names, by the names that the files have there
RAR = b"Rar!"
PART = re.compile(r"\.(zip|7z|rar|tar|tgz|gz)\.[0-9]{2,3}$|\.z[0-9]{2}$|\.part[0-9]+\.rar$|\.r[0-9]{2}$", re.I)
READS = f"Graft reads a folder, or {KINDS}"
KEPT_AS = re.compile(r"[0-9]{6,}(\.[^/]*)?")  # what files that came one by one are called
COPY = 1 << 20
MOST_INNER = 200  # archives inside one, each of which stays open
DAMAGED = (*zips.DAMAGED, *seven_table.DAMAGED)
ROOM = 2 << 30  # bytes that stay free where an archive inside is unpacked


def members(source: Path) -> tuple[Member, ...]:
    """The files of an archive or folder. Raises ArchiveError when the source as a whole is damaged or unsafe."""
    with opened(source) as archive:
        return archive.members


@contextmanager
def opened(source: Path, *, encoding: str = "", without: Path | None = None) -> Iterator[Archive]:
    """An archive or folder, checked and open for reading. Raises ArchiveError when it is damaged or unsafe.

    `encoding`: of names in zips that do not say theirs; '' guesses. `without`: a folder that is left out of a folder.
    """
    with ExitStack() as kept:
        place = _place(source)
        if stat.S_ISDIR(os.fstat(place).st_mode):
            kept.callback(os.close, place)
            names = _listed(place)
            archive = folder_archive(source, place, without=without) if names is None else _uploads(names, place)
        else:
            file = kept.enter_context(os.fdopen(place, "rb"))
            archive = kept.enter_context(_file_archive(file, source.name, encoding))
        yield _with_inner(archive, kept, encoding)


def _place(source: Path) -> int:
    """The descriptor of a regular file or a folder. Raises ArchiveError for anything else."""
    try:
        place = opened_place(source)
    except OSError as error:
        if error.errno == errno.ENOENT or (error.errno == errno.ENOTDIR and not root_of(source)):
            raise ArchiveError(f"There is no file or folder '{source}'.") from error
        raise ArchiveError(f"'{source}' cannot be read ({why(error)}).") from error
    kind = os.fstat(place).st_mode
    if not stat.S_ISDIR(kind) and not stat.S_ISREG(kind):
        os.close(place)
        raise ArchiveError(f"There is no file or folder '{source}'.")
    return place


@contextmanager
def _file_archive(file: IO[bytes], name: str, encoding: str) -> Iterator[Archive]:
    start = file.read(512)
    file.seek(0)
    if foreign := _foreign(name) or (_rar(name) if start.startswith(RAR) else ""):
        raise ArchiveError(foreign)
    if start.startswith(MAGIC):
        with seven_archive(file, name) as archive:
            yield archive
    elif is_tar(start):
        with tar_archive(file, name, start) as archive:
            yield archive
    elif start.startswith(b"PK") or _ends_as_zip(file):
        with zip_archive(file, name, encoding=encoding) as archive:
            yield archive
    else:
        raise ArchiveError(f"'{name}' is not a zip file. {READS}.")


def _foreign(name: str) -> str:
    """What to do with an archive that is not read, by its name; '' for any other file."""
    if PART.search(name):
        return (
            f"'{name}' is one part of an archive that was split. Unpack all parts with the program that made them, and "
            "give Graft the folder, or one zip of it."
        )
    return _rar(name) if suffix(name) == ".rar" else ""


def _rar(name: str) -> str:
    return f"'{name}' is a RAR archive. {READS}: unpack it and zip the folder."


def _ends_as_zip(file: IO[bytes]) -> bool:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - (1 << 16) - 22))
    found = b"PK\5\6" in file.read()
    file.seek(0)
    return found


def _listed(folder: int) -> dict[str, str] | None:
    """The user's names of files that came one by one, by those that they have in an open folder; None where it is any
    other folder, which may have a file of that name too."""
    try:
        names = json.loads(read_file(folder, LISTED))
    except (ArchiveError, ValueError):
        return None
    if not isinstance(names, dict):
        return None
    plain = all(isinstance(name, str) and KEPT_AS.fullmatch(kept) for kept, name in names.items())
    return names if names and plain else None


def _uploads(names: dict[str, str], folder: int) -> Archive:
    """Files that came one by one."""
    if len(names) > limits.MAX_ENTRIES:
        raise ArchiveError(too_many("The upload"))
    places = list(names)
    found = []
    for index, place in enumerate(places):
        path = safe_path(normal(names[place]))
        size = os.stat(place, dir_fd=folder, follow_symlinks=False).st_size
        if path and not is_junk(path):
            found.append(Member(path=path, size=size, index=index, refusal=refusal_by_size(size, path)))
    return Archive(
        members=tuple(found),
        folders=(),
        read=lambda member: read_file(folder, places[member.index]),
        head=lambda member: read_file(folder, places[member.index], HEAD_BYTES),
        stream=lambda member: opened_file(folder, places[member.index]),
    )


# --- archives inside ------------------------------------------------------------------------------


def _with_inner(archive: Archive, kept: ExitStack, encoding: str) -> Archive:
    """`archive`, where it has no image of its own, with archives inside it as folders of their name, one level deep."""
    if any(suffix(member.path) in SUFFIXES for member in archive.members):
        return archive
    foreign = {member.index: why for member in archive.members if (why := _foreign(member.path))}
    inner = [member for member in archive.members if member.index in foreign or is_archive(member.path)]
    if not inner:
        return archive
    if len(inner) > MOST_INNER:
        raise ArchiveError(
            f"There are {len(inner):,} archives inside; at most {MOST_INNER} are unpacked. Unpack them, and give Graft "
            "the folder."
        )
    total = following = max(member.index for member in archive.members) + 1
    indices = {member.index for member in inner}
    found = [member for member in archive.members if member.index not in indices]
    folders, notes = list(archive.folders), list(archive.notes)
    parts: list[tuple[int, Archive]] = []  # the first index of each, after the outer ones
    guessed, fitting = archive.encoding, archive.encodings
    for member in inner:
        try:
            if why := foreign.get(member.index, member.refusal):
                raise ArchiveError(why)
            file = kept.enter_context(_unpacked(archive, member))
            part = kept.enter_context(_file_archive(file, member.path, encoding))
        except ArchiveError as error:
            found.append(replace(member, refusal=str(error)))
            continue
        under = re.sub(r"(\.tar)?\.\w+$", "", member.path)
        found += [
            replace(
                each, path=f"{under}/{each.path}", index=following + each.index, refusal=each.refusal or _deep(each)
            )
            for each in part.members
        ]
        folders += [f"{under}/{each}" for each in part.folders]
        notes += [f"In '{member.path}': {note}" for note in part.notes]
        parts.append((following, part))
        following += 1 + max((each.index for each in part.members), default=0)
        guessed, fitting = guessed or part.encoding, fitting or part.encodings
        if len(found) > limits.MAX_ENTRIES:
            raise ArchiveError(too_many("The archive"))

    def owner(member: Member) -> tuple[Archive, Member]:
        if member.index < total:
            return archive, member
        first, part = next(each for each in reversed(parts) if each[0] <= member.index)
        return part, replace(member, index=member.index - first)

    def read(member: Member) -> bytes:
        of, own = owner(member)
        return of.read(own)

    def head(member: Member) -> bytes:
        of, own = owner(member)
        return of.head(own)

    return Archive(
        members=tuple(found),
        folders=tuple(folders),
        read=read,
        head=head,
        forwards=archive.forwards or any(part.forwards for _, part in parts),
        notes=tuple(notes),
        encoding=guessed,
        encodings=fitting,
    )


def _deep(member: Member) -> str:
    return (
        "The file is an archive inside an archive inside another; unpack that one." if is_archive(member.path) else ""
    )


@contextmanager
def _unpacked(archive: Archive, member: Member) -> Iterator[IO[bytes]]:
    """An archive inside another as a file that can be read anywhere: the disk's own, else one without a name."""
    with ExitStack() as kept:
        try:
            packed = kept.enter_context(archive.stream(member))
        except DAMAGED as error:
            raise _broken(error) from error
        if isinstance(packed, io.BufferedReader):
            yield packed
            return
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if free < ROOM + member.size:
            raise ArchiveError(
                f"There is no room in {tempfile.gettempdir()} to unpack an archive of {member.size / 2**20:,.0f} MB "
                "that lies inside another. Unpack it, and give Graft the folder."
            )
        file = kept.enter_context(tempfile.TemporaryFile())
        for piece in _pieces(packed):
            file.write(piece)
            if file.tell() > member.size:
                raise ArchiveError("The file is larger than the archive says.")
        file.seek(0)
        yield file


def _pieces(packed: IO[bytes]) -> Iterator[bytes]:
    try:
        while piece := packed.read(COPY):
            yield piece
    except DAMAGED as error:
        raise _broken(error) from error


def _broken(error: Exception) -> ArchiveError:
    return ArchiveError(f"The file is damaged inside the archive ({error}).")
