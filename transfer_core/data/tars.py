"""A tar, plain or compressed, as a list of files that are safe to read, forwards, never unpacked to a disk."""

import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from transfer_core.data import members as limits
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
    refusal_by_size,
    too_many,
)
from transfer_core.data.unpacking import BOMB, CHUNK, MOST_AT_ONCE, TOO_LONG, Forwards, Part, Unpacker, unpacker_of
from transfer_core.data.zips import safe_path
from transfer_core.errors import ArchiveError

TAR_AT = 257  # where a tar says "ustar"
DAMAGED = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)


class _Plain(io.RawIOBase):
    """A tar as it is, of which no more than a little is read at once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= MOST_AT_ONCE:
            raise ArchiveError(TOO_LONG)
        return self._file.read(size)


def is_tar(start: bytes) -> bool:
    return start[TAR_AT : TAR_AT + 5] == b"ustar" or unpacker_of(start) is not None


@contextmanager
def tar_archive(file: IO[bytes], name: str, start: bytes) -> Iterator[Archive]:
    """The files of an open tar that begins with `start`. Raises ArchiveError when it is damaged or unsafe."""
    packed = file.seek(0, 2)
    file.seek(0)
    make = unpacker_of(start)
    most = max(HARMLESS_BYTES, MAX_RATIO * packed)
    stream: Any = _Plain(file) if make is None else Forwards(file, make, most)
    try:
        found, folders, notes, places = _listed(stream, None if make is None else most)
    except DAMAGED as error:
        if make is not None and not is_tar_inside(file, make):
            raise ArchiveError(
                f"'{name}' is one compressed file and no tar. Unpack it, or zip the folder that it belongs to."
            ) from error
        raise ArchiveError(f"'{name}' is a damaged or incomplete tar ({error}). Pack or upload it again.") from error
    yield Archive(
        members=found,
        folders=folders,
        read=lambda member: _read(stream, places[member.index], member.size),
        head=lambda member: _read(stream, places[member.index], min(member.size, HEAD_BYTES)),
        stream=lambda member: Part(stream, places[member.index], member.size),  # type: ignore[arg-type, return-value]
        forwards=make is not None,
        notes=notes,
    )


def is_tar_inside(file: IO[bytes], make: Callable[[], Unpacker]) -> bool:
    """Whether what a compressed file holds begins as a tar does."""
    try:
        return Forwards(file, make, HARMLESS_BYTES).read(512)[TAR_AT : TAR_AT + 5] == b"ustar"
    except (*DAMAGED, ArchiveError):
        return True  # damaged, which is what the caller says


def _listed(stream: Any, most: int | None) -> tuple[tuple[Member, ...], tuple[str, ...], tuple[str, ...], list[int]]:
    """`most`: bytes that it may unpack to, None for any; what says that it is more is refused before it is unpacked."""
    found, folders, plain, places = list[Member](), set[str](), set[str](), list[int]()
    spellings, seen = Spellings(), 0
    with tarfile.open(fileobj=stream, mode="r:", errors="surrogateescape") as packed:
        while (entry := packed.next()) is not None:
            packed.members = []  # type: ignore[attr-defined]  # they would fill the memory
            seen += 1
            if seen > limits.MAX_ENTRIES:
                raise ArchiveError(too_many("The tar"))
            if most is not None and entry.offset_data + entry.size > most:
                raise ArchiveError(BOMB)
            raw = _text(entry.name)
            path = safe_path(raw)
            if not path or is_junk(cut(path), folder=entry.isdir()):
                continue
            if entry.isdir():
                folders.add(cut(path))
                continue
            if raw.isascii():
                plain.add(path.rpartition("/")[0])
            else:
                spellings.add(raw, path)
            refusal = refusal_by_size(entry.size, path)
            if entry.issym() or entry.islnk():
                refusal = "The file is a link to another; links are not followed."
            elif not entry.isreg() or entry.issparse():
                refusal = "The entry is not a regular file."
            found.append(Member(path=cut(path), size=entry.size, index=len(places), refusal=refusal))
            places.append(entry.offset_data)
    return tuple(found), tuple(sorted(folders)), spellings.notes(plain), places


def _text(name: str) -> str:
    """A name of bytes that are not UTF-8 gets replacement marks."""
    return name if name.isascii() else name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _read(stream: Any, place: int, size: int) -> bytes:
    if size > MAX_FILE_BYTES:
        raise ArchiveError(f"The file has more than {MAX_FILE_BYTES >> 20} MB.")
    data = bytearray()
    try:
        stream.seek(place)
        while len(data) < size and (piece := stream.read(min(CHUNK, size - len(data)))):
            data += piece
    except DAMAGED as error:
        raise ArchiveError(f"The file is damaged inside the tar ({error}).") from error
    if len(data) != size:
        raise ArchiveError(f"The file has {len(data)} bytes where the tar says {size}.")
    return bytes(data)
