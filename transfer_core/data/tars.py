"""A tar, plain or compressed, as a list of files that are safe to read, forwards, never unpacked to a disk."""

import bz2
import contextlib
import io
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any, Protocol

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
from transfer_core.data.zips import safe_path
from transfer_core.errors import ArchiveError

PIECE = 1 << 18  # packed bytes that are looked at at once
CHUNK = 1 << 20
MOST_AT_ONCE = 8 << 20  # of a header that says how long it is
XZ_MEMORY = 256 << 20  # bytes; an archive of xz -9 asks for 65 MB
TAR_AT = 257  # where a tar says "ustar"
DAMAGED = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError, ValueError)


class Unpacker(Protocol):
    """What bz2, lzma and the one below have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class _Gzip:
    """zlib's decompressor with the face of bz2's."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(31)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._inner.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._inner.decompress(self._inner.unconsumed_tail + data, max_length)


def _zstandard() -> Any:
    for name in ("compression.zstd", "backports.zstd"):  # of Python 3.14, and of a package for earlier ones
        with contextlib.suppress(ImportError):
            return import_module(name).ZstdDecompressor()
    raise ArchiveError(
        "The archive is packed by Zstandard. `pip install backports.zstd` lets Graft read it; or pack it as .tar.gz."
    )


KINDS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": _Gzip,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": lambda: lzma.LZMADecompressor(memlimit=XZ_MEMORY),
    b"\x28\xb5\x2f\xfd": _zstandard,
}


class _Forwards(io.RawIOBase):
    """A compressed file as it is unpacked, to be read forwards; going back begins anew. Bounded in all it gives."""

    def __init__(self, file: IO[bytes], make: Callable[[], Unpacker], most: int) -> None:
        self._file, self._make, self._most = file, make, most
        self._restart()

    def _restart(self) -> None:
        self._file.seek(0)
        self._unpacker, self._ready, self._at, self._ended = self._make(), b"", 0, False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("a compressed file has no known end")
        if offset < self._at:
            self._restart()
        while self._at < offset and self.read(min(CHUNK, offset - self._at)):
            pass
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        wanted = MOST_AT_ONCE if size is None or size < 0 else size
        if wanted > MOST_AT_ONCE:
            raise ArchiveError("The tar holds a header that is longer than any that is needed. Pack it again.")
        pieces, held = [self._ready], len(self._ready)
        while held < wanted and not self._ended:
            piece = self._unpack()
            pieces.append(piece)
            held += len(piece)
        data = b"".join(pieces)
        self._ready, data = data[wanted:], data[:wanted]
        self._at += len(data)
        if self._at > self._most:
            raise ArchiveError(
                f"The archive unpacks to more than {MAX_RATIO} times its size. Photos do not pack like that; such "
                "archives are made to fill the disk."
            )
        return data

    def _unpack(self) -> bytes:
        if self._unpacker.eof:  # another stream may follow
            left = self._unpacker.unused_data or self._file.read(PIECE)
            if not left.strip(b"\0"):
                self._ended = True
                return b""
            self._unpacker = self._make()
            return self._unpacker.decompress(left, CHUNK)
        packed = self._file.read(PIECE) if self._unpacker.needs_input else b""
        if not packed and self._unpacker.needs_input:
            raise EOFError("it ends in the middle")
        return self._unpacker.decompress(packed, CHUNK)


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
            raise ArchiveError("The tar holds a header that is longer than any that is needed. Pack it again.")
        return self._file.read(size)


def unpacker_of(start: bytes) -> Callable[[], Any] | None:
    """What unpacks a file that begins so; None where it is not compressed."""
    return next((make for magic, make in KINDS.items() if start.startswith(magic)), None)


def is_tar(start: bytes) -> bool:
    return start[TAR_AT : TAR_AT + 5] == b"ustar" or unpacker_of(start) is not None


@contextmanager
def tar_archive(file: IO[bytes], name: str, start: bytes) -> Iterator[Archive]:
    """The files of an open tar that begins with `start`. Raises ArchiveError when it is damaged or unsafe."""
    packed = file.seek(0, 2)
    file.seek(0)
    make = unpacker_of(start)
    most = max(HARMLESS_BYTES, MAX_RATIO * packed)
    stream: Any = _Plain(file) if make is None else _Forwards(file, make, most)
    try:
        found, folders, notes, places = _listed(stream)
    except DAMAGED as error:
        if make is not None and not is_tar_inside(file, make):
            raise ArchiveError(
                f"'{name}' is one compressed file and no tar. Unpack it; Graft reads .zip, .tar, .tar.gz, .tar.xz."
            ) from error
        raise ArchiveError(f"'{name}' is a damaged or incomplete tar ({error}). Pack or upload it again.") from error
    yield Archive(
        members=found,
        folders=folders,
        read=lambda member: _read(stream, places[member.index], member.size),
        head=lambda member: _read(stream, places[member.index], min(member.size, HEAD_BYTES)),
        stream=lambda member: io.BytesIO(_read(stream, places[member.index], member.size)),
        forwards=make is not None,
        notes=notes,
    )


def is_tar_inside(file: IO[bytes], make: Callable[[], Any]) -> bool:
    """Whether what a compressed file holds begins as a tar does."""
    try:
        return _Forwards(file, make, HARMLESS_BYTES).read(512)[TAR_AT : TAR_AT + 5] == b"ustar"
    except (*DAMAGED, ArchiveError):
        return True  # damaged, which is what the caller says


def _listed(stream: Any) -> tuple[tuple[Member, ...], tuple[str, ...], tuple[str, ...], list[int]]:
    found, folders, plain, places = list[Member](), set[str](), set[str](), list[int]()
    spellings, seen = Spellings(), 0
    with tarfile.open(fileobj=stream, mode="r:", errors="surrogateescape") as packed:
        while (entry := packed.next()) is not None:
            packed.members = []  # type: ignore[attr-defined]  # they would fill the memory
            seen += 1
            if seen > limits.MAX_ENTRIES:
                raise ArchiveError(too_many("The tar"))
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
