"""A zip or a folder as a list of files that are safe to read. Nothing is ever written under a name from inside."""

import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transfer_core.errors import ArchiveError

MAX_ENTRIES = 200_000
MAX_DIRECTORY_BYTES = 64 << 20  # of a zip's table of contents
MAX_FILE_BYTES = 64 << 20
MAX_RATIO = 200  # unpacked bytes to the zip's own
HARMLESS_BYTES = 64 << 20  # unpacked; below it any ratio may pass: flat drawings pack well
MAX_DEPTH = 12  # folders above a file
CHUNK = 1 << 20

JUNK = {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir"}
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
OTHER_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
LOCKED = 0x1  # flag bits of a zip entry
UTF8 = 0x800
DIRECTORY_ENTRY = b"PK\x01\x02"
LOCAL_HEADER_BYTES = 30
OTHER_KINDS = {b"Rar!": "RAR", b"7z\xbc\xaf": "7z", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zX": "xz"}


@dataclass(frozen=True, kw_only=True)
class Member:
    """A file in a zip or folder."""

    path: str  # the user's own name for it, "/" between folders, the source's own folder not named
    size: int  # bytes, as the source declares them
    index: int  # its place in the source
    refusal: str = ""  # why it may not be read, as a sentence; '' when it may

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))


@dataclass(frozen=True, kw_only=True)
class Archive:
    """What a source holds, junk left out. `read` gives a member's bytes or raises ArchiveError with the reason."""

    members: tuple[Member, ...]
    folders: tuple[str, ...]  # also empty ones
    read: Callable[[Member], bytes]

    @property
    def size(self) -> int:
        """Bytes of all members that may be read, as declared."""
        return sum(member.size for member in self.members if not member.refusal)


def members(source: Path) -> tuple[Member, ...]:
    """The files of a zip or folder. Raises ArchiveError when the source as a whole is damaged or unsafe."""
    with opened(source) as archive:
        return archive.members


@contextmanager
def opened(source: Path) -> Iterator[Archive]:
    """A zip or folder, checked and open for reading. Raises ArchiveError when it is damaged or unsafe."""
    if source.is_dir():
        yield _folder(source)
    elif not source.is_file():
        raise ArchiveError(f"There is no file or folder '{source}'.")
    else:
        with _Bounded(source) as file, _zip(file, source.name) as archive:
            yield archive


def is_junk(parts: tuple[str, ...]) -> bool:
    """Whether a path is what operating systems and editors leave behind."""
    return any(part.startswith(".") or part.casefold() in JUNK for part in parts)


# --- zip ----------------------------------------------------------------------------------------


class _Bounded(io.FileIO):
    """Refuses an oversized table of contents while zipfile reads it, before it becomes a million objects."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise ArchiveError(f"The zip's table of contents is {size / 2**20:.0f} MB; at most 64 MB is read.")
        data = super().read(-1 if size is None else size) or b""
        if data.startswith(DIRECTORY_ENTRY) and data.count(DIRECTORY_ENTRY) > MAX_ENTRIES:
            raise ArchiveError(_too_many("The zip"))
        return data


def _too_many(what: str) -> str:
    return f"{what} holds more than {MAX_ENTRIES:,} files and folders. Divide it, or leave out what is not an image."


@contextmanager
def _zip(file: _Bounded, name: str) -> Iterator[Archive]:
    try:
        opened_zip = zipfile.ZipFile(file)
    except UnicodeDecodeError as error:
        raise ArchiveError(f"'{name}' holds a file name that is not valid UTF-8. Pack it again.") from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError, struct.error) as error:
        raise ArchiveError(_not_a_zip(file, name, error)) from error
    with opened_zip as packed:
        entries = packed.infolist()
        if len(entries) > MAX_ENTRIES:
            raise ArchiveError(_too_many("The zip"))
        paths = [_safe_path(entry) for entry in entries]
        _check_spans(entries, packed.start_dir)
        found = [
            Member(path=path, size=entry.file_size, index=i, refusal=_refusal(entry, path))
            for i, (entry, path) in enumerate(zip(entries, paths, strict=True))
            if path and not entry.is_dir() and not is_junk(tuple(path.split("/")))
        ]
        folders = {path for entry, path in zip(entries, paths, strict=True) if path and entry.is_dir()}
        archive = Archive(
            members=tuple(found),
            folders=tuple(sorted(f for f in folders if not is_junk(tuple(f.split("/"))))),
            read=lambda member: _read_entry(packed, entries[member.index]),
        )
        _check_ratio(archive.size, os.fstat(file.fileno()).st_size)
        yield archive


def _not_a_zip(file: _Bounded, name: str, error: Exception) -> str:
    try:
        file.seek(0)
        start = file.read(512)
    except (OSError, ValueError):
        start = b""
    for magic, kind in OTHER_KINDS.items():
        if start.startswith(magic):
            return f"'{name}' is a {kind} archive. Graft reads .zip files and folders: unpack it and zip the folder."
    if start.startswith(b"PK"):
        return f"'{name}' is a damaged or incomplete zip ({error}). Pack or upload it again."
    return f"'{name}' is not a zip file. Graft reads .zip files and folders."


def _safe_path(entry: zipfile.ZipInfo) -> str:
    """The entry's name with "/" between folders. Raises ArchiveError for names made to lead elsewhere."""
    raw = entry.orig_filename
    if "\0" in raw:
        raise ArchiveError(f"The zip holds a file name with a zero byte in it, {raw!r}. Such archives are not read.")
    if not entry.flag_bits & UTF8:  # macOS writes UTF-8 without saying so
        with suppress(UnicodeError):
            raw = raw.encode("cp437").decode("utf-8")
    path = unicodedata.normalize("NFC", raw.replace("\\", "/"))
    parts = path.split("/")
    if ".." in parts or (path.startswith("/") and path != "/") or re.match(r"[A-Za-z]:/", path):
        raise ArchiveError(f"The zip holds a file name that leads out of it, {raw!r}. Zip the folder itself again.")
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
    return _refusal_by_size(entry.file_size, path)


def _refusal_by_size(size: int, path: str) -> str:
    if size > MAX_FILE_BYTES:
        return f"The file has {size / 2**20:.0f} MB; at most {MAX_FILE_BYTES >> 20} MB are read."
    if path.count("/") > MAX_DEPTH:
        return f"The file lies deeper than {MAX_DEPTH} folders."
    return ""


def _check_ratio(unpacked: int, packed: int) -> None:
    if unpacked > max(HARMLESS_BYTES, MAX_RATIO * packed):
        raise ArchiveError(
            f"The zip has {packed / 2**20:.1f} MB and says it unpacks to {unpacked / 2**20:,.0f} MB, more than "
            f"{MAX_RATIO} times as much. Photos do not pack like that; such archives are made to fill the disk."
        )


def _read_entry(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The entry's bytes, unpacked piece by piece so that a header which lies costs no memory."""
    data = bytearray()
    try:
        with packed.open(entry) as stream:
            while piece := stream.read(CHUNK):
                data += piece
                if len(data) > min(entry.file_size, MAX_FILE_BYTES):
                    raise ArchiveError("The file is larger than the zip says.")
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error) as error:
        raise ArchiveError(f"The file is damaged inside the zip ({error}).") from error
    if len(data) != entry.file_size:
        raise ArchiveError(f"The file has {len(data)} bytes where the zip says {entry.file_size}.")
    return bytes(data)


# --- folder -------------------------------------------------------------------------------------


def _folder(root: Path) -> Archive:
    found: list[Member] = []
    places: list[str] = []
    folders: list[str] = []
    pending = [(os.fspath(root), "")]
    seen = 0
    while pending:
        place, prefix = pending.pop()
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
            if seen > MAX_ENTRIES:
                raise ArchiveError(_too_many(f"The folder '{root}'"))
            path = f"{prefix}/{_readable(entry.name)}".lstrip("/")
            if is_junk((entry.name,)):
                continue
            if entry.is_dir(follow_symlinks=False) and path.count("/") < MAX_DEPTH:
                folders.append(path)
                pending.append((entry.path, path))
                continue
            size, refusal = _look(entry, path)
            found.append(Member(path=path, size=size, index=len(places), refusal=refusal))
            places.append(entry.path)
    return Archive(
        members=tuple(found), folders=tuple(sorted(folders)), read=lambda member: _read_file(places[member.index])
    )


def _readable(name: str) -> str:
    """A file's name as text: what is not UTF-8 becomes a replacement mark."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def _look(entry: os.DirEntry[str], path: str) -> tuple[int, str]:
    if entry.is_symlink():
        return 0, "The file is a link to another; links are not followed."
    if entry.is_dir(follow_symlinks=False):
        return 0, f"The folder lies deeper than {MAX_DEPTH} folders."
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return 0, f"The file cannot be read ({error.strerror})."
    if not stat.S_ISREG(status.st_mode):
        return 0, "The entry is not a regular file."
    return status.st_size, _refusal_by_size(status.st_size, path)


def _read_file(place: str) -> bytes:
    """The bytes of a regular file; what has become a link or pipe since it was listed is refused."""
    try:
        descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ArchiveError("The entry is not a regular file.")
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ArchiveError(f"The file cannot be read ({error.strerror}).") from error
    if len(data) > MAX_FILE_BYTES:
        raise ArchiveError(f"The file has grown beyond {MAX_FILE_BYTES >> 20} MB.")
    return data
