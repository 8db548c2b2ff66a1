"""Compressed data, unpacked forwards: what tars and 7z archives have in common."""

import bz2
import contextlib
import io
import lzma
import zlib
from collections.abc import Callable
from importlib import import_module
from typing import IO, Any, Protocol

from transfer_core.data.members import MAX_RATIO
from transfer_core.errors import ArchiveError

PIECE = 1 << 18  # packed bytes that are looked at at once
CHUNK = 1 << 20
MOST_AT_ONCE = 8 << 20  # of a header that says how long it is
MEMORY = 256 << 20  # bytes that an unpacker may take; xz -9 and 7z's highest ask for 65 MB
ZSTANDARD = ("compression.zstd", "backports.zstd")  # of Python 3.14, and of a package for earlier ones
TOO_LONG = "The archive holds a header that is longer than any that is needed. Pack it again."
BOMB = (
    f"The archive unpacks to more than {MAX_RATIO} times its size. Photos do not pack like that; such archives are "
    "made to fill the disk."
)


class Unpacker(Protocol):
    """What bz2, lzma and the others have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Deflated:
    """zlib's decompressor with the face of bz2's. `wbits`: 31 for gzip, -15 without a header."""

    def __init__(self, wbits: int) -> None:
        self._inner = zlib.decompressobj(wbits)

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


class Stored:
    """What was not packed at all."""

    eof, needs_input, unused_data = False, True, b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return data


class _Zstandard:
    """Its package's decompressor, whose error is of a kind that only the package knows."""

    def __init__(self) -> None:
        self._inner, self._error = _zstandard()

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return bool(self._inner.needs_input)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        try:
            return bytes(self._inner.decompress(data, max_length))
        except self._error as error:
            raise ValueError(str(error)) from error


def _zstandard() -> tuple[Any, type[Exception]]:
    for name in ZSTANDARD:
        with contextlib.suppress(ImportError):
            module = import_module(name)
            return module.ZstdDecompressor(), module.ZstdError
    raise ArchiveError(
        "The archive is packed by Zstandard. `pip install backports.zstd` lets Graft read it; or pack it as .tar.gz."
    )


KINDS: dict[bytes, Callable[[], Unpacker]] = {
    b"\x1f\x8b": lambda: Deflated(31),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": lambda: lzma.LZMADecompressor(memlimit=MEMORY),
    b"\x28\xb5\x2f\xfd": _Zstandard,
}


def unpacker_of(start: bytes) -> Callable[[], Unpacker] | None:
    """What unpacks a file that begins so; None where it is not compressed."""
    return next((make for magic, make in KINDS.items() if start.startswith(magic)), None)


class Forwards(io.RawIOBase):
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
            raise ArchiveError(TOO_LONG)
        pieces, held = [self._ready], len(self._ready)
        while held < wanted and not self._ended:
            piece = self._unpack()
            pieces.append(piece)
            held += len(piece)
        data = b"".join(pieces)
        self._ready, data = data[wanted:], data[:wanted]
        self._at += len(data)
        if self._at > self._most:
            raise ArchiveError(BOMB)
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


class Part(io.RawIOBase):
    """Bytes of a file from a place on, as a file of their own, to be read forwards or from their start."""

    def __init__(self, file: Any, start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        if whence != io.SEEK_SET:
            raise io.UnsupportedOperation("a part is read from its start")
        self._at = offset
        return offset

    def read(self, size: int | None = -1, /) -> bytes:
        left = self._size - self._at
        wanted = min(left, MOST_AT_ONCE) if size is None or size < 0 else min(size, left)
        self._file.seek(self._start + self._at)
        data: bytes = self._file.read(max(0, wanted))
        self._at += len(data)
        return data
