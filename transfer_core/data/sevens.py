"""A 7z as a list of files that are safe to read, forwards, never unpacked to a disk.

Python's own lzma, bz2 and zlib unpack it; `seven_table` reads what it says of itself.
"""

import io
import stat
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from transfer_core.data.members import (
    HARMLESS_BYTES,
    HEAD_BYTES,
    MAX_FILE_BYTES,
    MAX_RATIO,
    Archive,
    Member,
    Spellings,
    cut,
    is_junk,
    refusal_by_name,
    refusal_by_size,
)
from transfer_core.data.seven_table import DAMAGED, Entry, Folder, contents
from transfer_core.data.unpacking import CHUNK, Forwards, Part
from transfer_core.data.zips import safe_path
from transfer_core.errors import ArchiveError

MAGIC = b"7z\xbc\xaf\x27\x1c"
HAS_UNIX_MODE = 0x8000  # of a file's attributes, whose upper half is the mode then


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file lies: in which folder of the archive, from which unpacked byte on."""

    folder: int  # -1 of a file without bytes
    start: int
    size: int
    checksum: int | None


@contextmanager
def seven_archive(file: IO[bytes], name: str) -> Iterator[Archive]:
    """The files of an open 7z. Raises ArchiveError when it is damaged or unsafe."""
    try:
        packed_as, entries = contents(file)
    except DAMAGED as error:
        raise ArchiveError(f"'{name}' is a damaged or incomplete 7z ({error}). Pack or upload it again.") from error
    packed, unpacked = file.seek(0, 2), sum(folder.size for folder in packed_as)
    if unpacked > max(HARMLESS_BYTES, MAX_RATIO * packed):
        raise ArchiveError(
            f"The 7z has {packed / 2**20:.1f} MB and says it unpacks to {unpacked / 2**20:,.0f} MB, more than "
            f"{MAX_RATIO} times as much. Photos do not pack like that; such archives are made to fill the disk."
        )
    found, folders, notes, places = _members(packed_as, entries)
    reader = _Reader(file, packed_as)
    yield Archive(
        members=found,
        folders=folders,
        read=lambda member: reader.whole(places[member.index]),
        head=lambda member: reader.read(places[member.index], HEAD_BYTES),
        stream=lambda member: reader.stream(places[member.index]),
        forwards=any(len(folder.parts) > 1 for folder in packed_as),
        notes=notes,
    )


def _members(
    packed_as: Sequence[Folder], entries: Sequence[Entry]
) -> tuple[tuple[Member, ...], tuple[str, ...], tuple[str, ...], list[Place]]:
    found, folders, plain, places = list[Member](), set[str](), set[str](), list[Place]()
    spellings, following = Spellings(), _places(packed_as)
    for entry in entries:
        place = next(following) if entry.has_bytes else Place(-1, 0, 0, None)
        path = safe_path(entry.name)
        if not path or is_junk(cut(path), folder=entry.is_folder):
            continue
        if entry.is_folder:
            if not refusal_by_name(path):
                folders.add(path)
            continue
        if entry.name.isascii():
            plain.add(path.rpartition("/")[0])
        else:
            spellings.add(entry.name, path)
        refusal = _refusal(entry) or refusal_by_size(place.size, path)
        refusal = refusal or (packed_as[place.folder].refusal if entry.has_bytes else "")
        found.append(Member(path=cut(path), size=place.size, index=len(places), refusal=refusal))
        places.append(place)
    return tuple(found), tuple(sorted(folders)), spellings.notes(plain), places


def _places(packed_as: Sequence[Folder]) -> Iterator[Place]:
    for number, folder in enumerate(packed_as):
        start = 0
        for size, checksum in zip(folder.parts, folder.checksums, strict=True):
            yield Place(number, start, size, checksum)
            start += size


def _refusal(entry: Entry) -> str:
    kind = stat.S_IFMT(entry.attributes >> 16) if entry.attributes & HAS_UNIX_MODE else 0
    if kind == stat.S_IFLNK:
        return "The file is a link to another; links are not followed."
    return "" if kind in (0, stat.S_IFREG) else "The entry is not a regular file."


class _Reader:
    """Unpacks one folder of the archive at a time, and goes on where it stands if what is asked for comes later."""

    def __init__(self, file: IO[bytes], packed_as: Sequence[Folder]) -> None:
        self._file, self._packed_as = file, packed_as
        self._open, self._stream = -1, io.RawIOBase()

    def stream(self, place: Place) -> IO[bytes]:
        if place.folder < 0:
            return io.BytesIO()
        if place.folder != self._open:
            folder = self._packed_as[place.folder]
            packed: IO[bytes] = Part(self._file, folder.start, folder.packed)  # type: ignore[assignment]
            self._stream, self._open = Forwards(packed, folder.unpacker, folder.size), place.folder
        return Part(self._stream, place.start, place.size)  # type: ignore[return-value]

    def read(self, place: Place, most: int) -> bytes:
        """The first bytes of a file, unpacked piece by piece."""
        data, wanted = bytearray(), min(place.size, most)
        try:
            stream = self.stream(place)
            while len(data) < wanted and (piece := stream.read(min(CHUNK, wanted - len(data)))):
                data += piece
        except DAMAGED as error:
            raise ArchiveError(f"The file is damaged inside the 7z ({error}).") from error
        if len(data) != wanted:
            raise ArchiveError(f"The file has {len(data)} bytes where the 7z says {place.size}.")
        return bytes(data)

    def whole(self, place: Place) -> bytes:
        if place.size > MAX_FILE_BYTES:
            raise ArchiveError(f"The file has more than {MAX_FILE_BYTES >> 20} MB.")
        data = self.read(place, place.size)
        if place.checksum is not None and zlib.crc32(data) != place.checksum:
            raise ArchiveError("The file is damaged inside the 7z (its checksum is another).")
        return data
