"""What a 7z says of itself, as Igor Pavlov's 7zFormat.txt describes it: how it is packed, and its files."""

import bz2
import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import accumulate, islice
from typing import IO, Any

from transfer_core.data import members as limits
from transfer_core.data.members import too_many
from transfer_core.data.unpacking import MEMORY, Deflated, Forwards, Part, Stored, Unpacker
from transfer_core.data.zips import MAX_DIRECTORY_BYTES
from transfer_core.errors import ArchiveError

FIRST = 32  # bytes of the header at the start
COPY, LZMA, LZMA2, DEFLATE, BZIP2 = b"\0", b"\3\1\1", b"\x21", b"\4\1\x08", b"\4\2\2"
READ = (COPY, LZMA, LZMA2, DEFLATE, BZIP2)
TOLD = {LZMA: (5, 9 * 5 * 5 - 1), LZMA2: (1, 40)}  # how many bytes say how, and the most that the first may be
ENCRYPTED = b"\6\xf1\7\1"
NAMES = {
    **{b"\3": "Delta", b"\4\1\x09": "Deflate64", b"\3\4\1": "PPMd", b"\3\3\1\x1b": "BCJ2", b"\3\3\1\3": "BCJ"},
    **{b"\4\xf7\x11\1": "Zstandard"},
}
MOST_STREAMS = 32  # into and out of a folder's methods
MOST_HEADERS = 4  # packed one in another
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError, IndexError, struct.error, OverflowError)


class Id(IntEnum):
    """What comes next."""

    END = 0x00
    HEADER = 0x01
    ARCHIVE = 0x02
    STREAMS = 0x04
    FILES = 0x05
    PACKED = 0x06
    FOLDERS = 0x07
    PARTS = 0x08
    SIZES = 0x09
    CHECKSUMS = 0x0A
    METHODS = 0x0B
    UNPACKED_SIZES = 0x0C
    PARTS_EACH = 0x0D
    EMPTY = 0x0E
    EMPTY_FILES = 0x0F
    NAMES = 0x11
    ATTRIBUTES = 0x15
    PACKED_HEADER = 0x17


@dataclass(kw_only=True)
class Folder:
    """Bytes that were packed as one: one file or, in a solid archive, many."""

    method: bytes  # the one that packed it; of several, one that is not read here
    told: bytes  # how
    streams: int  # runs of packed bytes that it is made from
    outs: int  # of all its methods
    last: int  # the number of the one among these that is the folder's own
    start: int = 0  # of the packed bytes, in the file
    packed: int = 0  # how many they are
    size: int = 0  # unpacked
    parts: list[int] = field(default_factory=list)  # sizes of the files in it
    checksums: list[int | None] = field(default_factory=list)  # of these

    @property
    def refusal(self) -> str:
        """Why it may not be unpacked, as a sentence; '' where it may."""
        if self.method == ENCRYPTED:
            return "The file is locked with a password; pack the folder without one."
        if self.method not in READ:
            method = NAMES.get(self.method, self.method.hex())
            return f"The file is packed by the method '{method}'; pack the folder with the usual one (LZMA2)."
        if self.dictionary > MEMORY:
            return (
                f"Unpacking the file takes {self.dictionary >> 20:,} MB of memory; at most {MEMORY >> 20} MB are taken."
                " Pack the folder with a smaller dictionary."
            )
        return ""

    @property
    def dictionary(self) -> int:
        """Bytes that unpacking holds: as many as the method says, but no more than there will be."""
        said = 0
        if self.method == LZMA2:
            power = self.told[0]
            said = (2 | power & 1) << power // 2 + 11
        elif self.method == LZMA:
            said = int.from_bytes(self.told[1:5], "little")
        return min(said, max(self.size, 1 << 12))

    def unpacker(self) -> Unpacker:
        how: dict[str, Any] = {"id": lzma.FILTER_LZMA2, "dict_size": max(self.dictionary, 1 << 12)}
        if self.method == LZMA2:
            return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[how])
        if self.method == LZMA:
            rest, lc = divmod(self.told[0], 9)
            pb, lp = divmod(rest, 5)
            how |= {"id": lzma.FILTER_LZMA1, "lc": lc, "lp": lp, "pb": pb}
            return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[how])
        if self.method == DEFLATE:
            return Deflated(-15)
        return bz2.BZ2Decompressor() if self.method == BZIP2 else Stored()


@dataclass(kw_only=True, slots=True)
class Entry:
    """A file or folder of the user's."""

    name: str
    has_bytes: bool = True
    is_folder: bool = False
    attributes: int = 0


class Table:
    """The bytes of a table of contents, from their start. Raises IndexError where they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        if count > len(self._data) - self._at:
            raise IndexError("its table of contents ends in the middle")
        self._at += count
        return self._data[self._at - count : self._at]

    def rest(self) -> bytes:
        return self.take(len(self._data) - self._at)

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """The bits of the first byte that are set, from the top, tell how many bytes follow; the rest is highest."""
        first, more = self.byte(), 0
        while more < 8 and first & 0x80 >> more:
            more += 1
        return int.from_bytes(self.take(more), "little") | (first & 0x7F >> more) << 8 * more

    def count(self) -> int:
        found = self.number()
        if found > limits.MAX_ENTRIES:
            raise ArchiveError(too_many("The 7z"))
        return found

    def few(self) -> int:
        if (found := self.number()) > MOST_STREAMS:
            raise ValueError("it says that a file is packed in more ways than there are")
        return found

    def numbers(self, count: int) -> list[int]:
        return [self.number() for _ in range(count)]

    def bits(self, count: int) -> list[bool]:
        held = self.take(-(-count // 8))
        return [bool(held[i >> 3] & 0x80 >> (i & 7)) for i in range(count)]

    def defined(self, count: int) -> list[bool]:
        return [True] * count if self.byte() else self.bits(count)

    def fixed(self, count: int) -> list[int | None]:
        """Numbers of four bytes, of those that have one."""
        return [int.from_bytes(self.take(4), "little") if there else None for there in self.defined(count)]

    def require(self, wanted: Id) -> None:
        if self.byte() != wanted:
            raise ValueError("its table of contents is in no order that is known")

    def inside(self) -> None:
        """That what follows stands here, not elsewhere, which no program makes use of."""
        if self.byte():
            raise ValueError("a part of its table of contents lies elsewhere")


def contents(file: IO[bytes]) -> tuple[list[Folder], list[Entry]]:
    """How a 7z is packed, and its files. Raises ArchiveError for what is not read, one of DAMAGED for the rest."""
    size = file.seek(0, 2)
    file.seek(8)
    start = Table(file.read(FIRST - 8))
    checksum, rest = start.take(4), start.take(20)
    place, length, of_header = struct.unpack("<QQI", rest)
    if zlib.crc32(rest) != int.from_bytes(checksum, "little"):
        raise ValueError("its first bytes are damaged")
    if not length:
        return [], []
    if FIRST + place + length > size:
        raise EOFError("it ends in the middle")
    _require_small(length)
    file.seek(FIRST + place)
    data = file.read(length)
    for _ in range(MOST_HEADERS):
        if zlib.crc32(data) != of_header and of_header is not None:
            raise ValueError("its table of contents is damaged")
        table = Table(data)
        kind = table.byte()
        if kind == Id.HEADER:
            return _header(table, size)
        if kind != Id.PACKED_HEADER:
            break
        (folder,) = _folders(table, size)
        if refusal := folder.refusal:
            raise ArchiveError(f"The names in the 7z cannot be read. {refusal.replace('The file is', 'They are')}")
        _require_small(folder.size)
        packed: IO[bytes] = Part(file, folder.start, folder.packed)  # type: ignore[assignment]
        stream = Forwards(packed, folder.unpacker, folder.size)
        data, of_header = b"".join(_pieces(stream, folder.size)), folder.checksums[0]
    raise ValueError("it has no table of contents that is known")


def _require_small(size: int) -> None:
    if size > MAX_DIRECTORY_BYTES:
        raise ArchiveError(f"The 7z's table of contents is {size / 2**20:.0f} MB; at most 64 MB is read.")


def _pieces(stream: Forwards, size: int) -> Iterator[bytes]:
    while size and (piece := stream.read(min(size, 1 << 20))):
        size -= len(piece)
        yield piece


def _header(table: Table, size: int) -> tuple[list[Folder], list[Entry]]:
    folders: list[Folder] = []
    entries: list[Entry] = []
    while (kind := table.byte()) != Id.END:
        if kind == Id.ARCHIVE:
            while table.byte() != Id.END:
                table.take(table.number())
        elif kind == Id.STREAMS:
            folders = _folders(table, size)
        elif kind == Id.FILES:
            entries = _files(table)
        else:
            raise ValueError("its table of contents is in no order that is known")
    if sum(len(folder.parts) for folder in folders) != sum(entry.has_bytes for entry in entries):
        raise ValueError("it holds another number of files than it says")
    return folders, entries


def _folders(table: Table, size: int) -> list[Folder]:
    """`size`: of the whole file."""
    packed: list[int] = []
    folders: list[Folder] = []
    start, divided = FIRST, False
    while (kind := table.byte()) != Id.END:
        if kind == Id.PACKED:
            start += table.number()
            packed = _packed_sizes(table)
        elif kind == Id.FOLDERS:
            folders = _methods(table)
        elif kind == Id.PARTS:
            _divide(table, folders)
            divided = True
        else:
            raise ValueError("its table of contents is in no order that is known")
    places = iter(zip(accumulate(packed, initial=start), packed, strict=False))
    for folder in folders:
        runs = list(islice(places, folder.streams))
        folder.start, folder.packed = runs[0]
        if len(runs) != folder.streams or sum(runs[-1]) > size:
            raise EOFError("it ends in the middle")
        if not divided:
            folder.parts = [folder.size]
        told, most = TOLD.get(folder.method, (len(folder.told), 255))
        if len(folder.told) != told or (told and folder.told[0] > most):
            raise ValueError("it says that it was packed in a way that there is none of")
    return folders


def _packed_sizes(table: Table) -> list[int]:
    count, found = table.count(), list[int]()
    while (kind := table.byte()) != Id.END:
        if kind == Id.SIZES:
            found = table.numbers(count)
        elif kind == Id.CHECKSUMS:
            table.fixed(count)
        else:
            raise ValueError("its table of contents is in no order that is known")
    return found


def _methods(table: Table) -> list[Folder]:
    table.require(Id.METHODS)
    count = table.count()
    table.inside()
    folders = [_folder(table) for _ in range(count)]
    table.require(Id.UNPACKED_SIZES)
    for folder in folders:
        folder.size = table.numbers(folder.outs)[folder.last]
        folder.checksums = [None]
    while (kind := table.byte()) != Id.END:
        if kind != Id.CHECKSUMS:
            raise ValueError("its table of contents is in no order that is known")
        for folder, checksum in zip(folders, table.fixed(count), strict=True):
            folder.checksums = [checksum]
    return folders


def _folder(table: Table) -> Folder:
    ins = outs = 0
    methods: list[tuple[bytes, bytes]] = []
    for _ in range(table.few()):
        flags = table.byte()
        method = table.take(flags & 0x0F)
        into, out = (table.few(), table.few()) if flags & 0x10 else (1, 1)
        methods.append((method, table.take(table.number()) if flags & 0x20 else b""))
        ins, outs = ins + into, outs + out
    bound = [table.numbers(2)[1] for _ in range(outs - 1)]
    streams = ins - len(bound)
    if streams > 1:
        table.numbers(streams)
    last = next(out for out in range(outs + 1) if out not in bound)
    if not methods or streams < 1 or last >= outs:
        raise ValueError("it says that a file is packed in no way at all")
    names = [method for method, _ in methods]
    odd = ENCRYPTED if ENCRYPTED in names else next((name for name in names if name not in READ), b"several")
    method, told = methods[0] if len(methods) == 1 and streams == outs == 1 else (odd, b"")
    return Folder(method=method, told=told, streams=streams, outs=outs, last=last)


def _divide(table: Table, folders: list[Folder]) -> None:
    """Which files lie in each folder: how many, their sizes, all but the last of each, and their checksums."""
    kind, counts = table.byte(), [1] * len(folders)
    if kind == Id.PARTS_EACH:
        counts = [table.count() for _ in folders]
        kind = table.byte()
        if sum(counts) > limits.MAX_ENTRIES:
            raise ArchiveError(too_many("The 7z"))
    for folder, count in zip(folders, counts, strict=True):
        sizes = table.numbers(count - 1) if kind == Id.SIZES and count else []
        if count and (len(sizes) < count - 1 or sum(sizes) > folder.size):
            raise ValueError("its files are larger than what they are packed in")
        folder.parts = [*sizes, folder.size - sum(sizes)] if count else []
        if count != 1:
            folder.checksums = [None] * count
    if kind == Id.SIZES:
        kind = table.byte()
    while kind != Id.END:
        if kind != Id.CHECKSUMS:
            raise ValueError("its table of contents is in no order that is known")
        untold = [folder for folder in folders if len(folder.parts) != 1 or folder.checksums[0] is None]
        told = iter(table.fixed(sum(len(folder.parts) for folder in untold)))
        for folder in untold:
            folder.checksums = list(islice(told, len(folder.parts)))
        kind = table.byte()


def _files(table: Table) -> list[Entry]:
    count = table.count()
    names: list[str] = []
    empty, empty_files, attributes = [False] * count, list[bool](), list[int | None]()
    while (kind := table.byte()) != Id.END:
        part = Table(table.take(table.number()))
        if kind == Id.EMPTY:
            empty = part.bits(count)
        elif kind == Id.EMPTY_FILES:
            empty_files = part.bits(sum(empty))
        elif kind == Id.NAMES:
            part.inside()
            names = part.rest().decode("utf-16-le", "replace").split("\0")[:-1]
        elif kind == Id.ATTRIBUTES:
            there = part.defined(count)
            part.inside()
            attributes = [int.from_bytes(part.take(4), "little") if each else None for each in there]
    if len(names) != count:
        raise ValueError("it does not name all of its files")
    are_files = iter(empty_files or [False] * sum(empty))
    return [
        Entry(
            name=name,
            has_bytes=not bare,
            is_folder=bare and not next(are_files),
            attributes=(attributes[i] or 0) if attributes else 0,
        )
        for i, (name, bare) in enumerate(zip(names, empty, strict=True))
    ]
