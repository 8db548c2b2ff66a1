"""A zip as a list of files that are safe to read."""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np

from transfer_core.data import members as limits
from transfer_core.data.code_pages import TITLES, decoded, unicode_path
from transfer_core.data.members import (
    HARMLESS_BYTES,
    HEAD_BYTES,
    MAX_FILE_BYTES,
    MAX_NAME,
    MAX_RATIO,
    Archive,
    Member,
    Spellings,
    cut,
    is_junk,
    normal,
    refusal_by_name,
    refusal_by_size,
    too_many,
)
from transfer_core.data.uncollected import uncollected
from transfer_core.errors import ArchiveError

MAX_DIRECTORY_BYTES = 64 << 20  # of a zip's table of contents
CHUNK = 1 << 20
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
OTHER_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
LOCKED = 0x1  # flag bits of a zip entry
UTF8 = 0x800
DIRECTORY_ENTRY = b"PK\x01\x02"
LOCAL_ENTRY, LOCAL_HEADER_BYTES, USUAL_EXTRA = b"PK\x03\x04", 30, 128
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error)


class Bounded(io.RawIOBase):
    """Refuses an oversized table of contents while zipfile reads it, before it becomes a million objects."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise ArchiveError(f"The zip's table of contents is {size / 2**20:.0f} MB; at most 64 MB is read.")
        data = self._file.read(-1 if size is None else size) or b""
        if data.startswith(DIRECTORY_ENTRY) and data.count(DIRECTORY_ENTRY) > limits.MAX_ENTRIES:
            raise ArchiveError(too_many("The zip"))
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True


@contextmanager
def zip_archive(file: IO[bytes], name: str, *, encoding: str = "") -> Iterator[Archive]:
    """The files of an open zip. `encoding`: of names that do not say theirs; '' guesses it. Raises ArchiveError."""
    try:
        with uncollected():
            opened = zipfile.ZipFile(Bounded(file))
    except UnicodeDecodeError as error:
        raise ArchiveError(f"'{name}' holds a file name that is not valid UTF-8. Pack it again.") from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error) as error:
        raise ArchiveError(f"'{name}' is a damaged or incomplete zip ({error}). Pack or upload it again.") from error
    with opened as packed:
        entries = packed.infolist()
        if len(entries) > limits.MAX_ENTRIES:
            raise ArchiveError(too_many("The zip"))
        _check_spans(entries, packed.start_dir)
        with uncollected():
            texts, page, pages = _names(entries, encoding)
            found, folders, notes = _members(entries, texts)
        if page and page != encoding:
            title = TITLES[page]
            notes = (f"File names in the zip do not say in which code page they are written; read as {title}.", *notes)
        archive = Archive(
            members=found,
            folders=folders,
            read=lambda member: _read_entry(packed, file, entries[member.index]),
            head=lambda member: _head(packed, entries[member.index]),
            stream=lambda member: packed.open(entries[member.index]),
            notes=notes,
            encoding=page,
            encodings=pages,
        )
        _check_ratio(archive.size, file.seek(0, 2))
        yield archive


def _names(entries: list[zipfile.ZipInfo], encoding: str) -> tuple[list[str], str, tuple[str, ...]]:
    """Each entry's name; what encoding was guessed for those that do not say theirs, and which others fit."""
    texts = [entry.orig_filename for entry in entries]
    untold = [i for i, entry in enumerate(entries) if not entry.flag_bits & UTF8 and not texts[i].isascii()]
    raws = {i: texts[i].encode("cp437") for i in untold}
    for i in untold:
        named = unicode_path(entries[i].extra, raws[i]) if entries[i].extra else ""
        if named:
            texts[i] = named
            del raws[i]
    names, page, pages = decoded(list(raws.values()), told=encoding) if raws else ([], "", ())
    for i, text in zip(raws, names, strict=True):
        texts[i] = text
    return texts, page, pages


def _members(
    entries: list[zipfile.ZipInfo], texts: list[str]
) -> tuple[tuple[Member, ...], tuple[str, ...], tuple[str, ...]]:
    found, folders, plain = [], set(), set()
    spellings = Spellings()
    for i, (entry, raw) in enumerate(zip(entries, texts, strict=True)):
        path = safe_path(raw)
        folder = raw.endswith(("/", "\\"))
        if not path or (len(path) <= MAX_NAME and is_junk(path, folder=folder)):
            continue
        if folder:
            if not refusal_by_name(path):
                folders.add(path)
            continue
        if raw.isascii():
            plain.add(path.rpartition("/")[0])
        else:
            spellings.add(raw, path)
        found.append(Member(path=cut(path), size=entry.file_size, index=i, refusal=_refusal(entry, path)))
    return tuple(found), tuple(sorted(folders)), spellings.notes(plain)


def safe_path(raw: str) -> str:
    """A name from inside with "/" between folders. Raises ArchiveError for names made to lead elsewhere."""
    if "\0" in raw:
        raise ArchiveError(f"The archive holds a file name with a zero byte in it, {cut(raw)!r}. Such are not read.")
    path = normal(raw.replace("\\", "/") if "\\" in raw else raw)
    inner = "//" not in path and "./" not in path and path[1:3] != ":/"
    if inner and path[:1] not in ("/", ".") and path[-1:] not in ("/", ".", ""):
        return path
    parts = path.split("/")
    if ".." in parts or (path.startswith("/") and path != "/") or re.match(r"[A-Za-z]:/", path):
        raise ArchiveError(
            f"The archive holds a file name that leads out of it, {cut(raw)!r}. Pack the folder itself again."
        )
    return "/".join(part for part in parts if part not in ("", "."))


def _check_spans(entries: list[zipfile.ZipInfo], directory_start: int) -> None:
    """Raises ArchiveError when entries share bytes: such a zip unpacks to far more than it holds (Fifield 2019)."""
    starts = np.array([entry.header_offset for entry in entries], np.float64)  # 64 bits of either sign
    sizes = np.array([LOCAL_HEADER_BYTES + entry.compress_size for entry in entries], np.float64)
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], (starts + sizes)[order]
    if len(starts) and (starts[0] < 0 or (ends > np.append(starts[1:], directory_start)).any()):
        raise ArchiveError(
            "Files inside the zip overlap: it is damaged, or made to fill the disk. Zip the folder again."
        )


def _refusal(entry: zipfile.ZipInfo, path: str) -> str:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "The file is a link to another; links are not followed."
    if kind not in (0, stat.S_IFREG):
        return "The entry is not a regular file."
    if entry.flag_bits & LOCKED:
        return "The file is locked with a password; zip the folder without one."
    if entry.compress_type not in METHODS:
        method = OTHER_METHODS.get(entry.compress_type, str(entry.compress_type))
        return f"The file is packed by the method '{method}'; zip the folder with the usual one (Deflate)."
    return refusal_by_size(entry.file_size, path)


def _check_ratio(unpacked: int, packed: int) -> None:
    if unpacked > max(HARMLESS_BYTES, MAX_RATIO * packed):
        raise ArchiveError(
            f"The zip has {packed / 2**20:.1f} MB and says it unpacks to {unpacked / 2**20:,.0f} MB, more than "
            f"{MAX_RATIO} times as much. Photos do not pack like that; such archives are made to fill the disk."
        )


def _read_entry(packed: zipfile.ZipFile, file: IO[bytes], entry: zipfile.ZipInfo) -> bytes:
    """The entry's bytes; unless all is sound, unpacked piece by piece so that a header which lies costs no memory."""
    if (whole := _sound(file, entry)) is not None:
        return whole
    data = bytearray()
    try:
        with packed.open(entry) as stream:
            while piece := stream.read(CHUNK):
                data += piece
                if len(data) > min(entry.file_size, MAX_FILE_BYTES):
                    raise ArchiveError("The file is larger than the zip says.")
    except DAMAGED as error:
        raise ArchiveError(f"The file is damaged inside the zip ({error}).") from error
    if len(data) != entry.file_size:
        raise ArchiveError(f"The file has {len(data)} bytes where the zip says {entry.file_size}.")
    return bytes(data)


def _sound(file: IO[bytes], entry: zipfile.ZipInfo) -> bytes | None:
    """The bytes of an entry with nothing unusual about it, in a fifth of zipfile's time; else None."""
    if max(entry.compress_size, entry.file_size) > MAX_FILE_BYTES:
        return None
    name = entry.orig_filename.encode("utf-8" if entry.flag_bits & UTF8 else "cp437")
    file.seek(entry.header_offset)
    block = file.read(LOCAL_HEADER_BYTES + len(name) + USUAL_EXTRA + entry.compress_size)
    if len(block) < LOCAL_HEADER_BYTES or not block.startswith(LOCAL_ENTRY):
        return None
    start = LOCAL_HEADER_BYTES + sum(struct.unpack_from("<HH", block, 26))  # of its name and what else there is
    data = block[start : start + entry.compress_size]
    if block[LOCAL_HEADER_BYTES : LOCAL_HEADER_BYTES + len(name)] != name or len(data) != entry.compress_size:
        return None
    if entry.compress_type == zipfile.ZIP_DEFLATED:
        try:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, entry.file_size + 1)
        except zlib.error:
            return None
    return data if len(data) == entry.file_size and zlib.crc32(data) == entry.CRC else None


def _head(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with packed.open(entry) as stream:
            return stream.read(HEAD_BYTES)
    except DAMAGED as error:
        raise ArchiveError(f"The file is damaged inside the zip ({error}).") from error
