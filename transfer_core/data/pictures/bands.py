"""TIFFs that Pillow does not take whole: deep ones, and those of other bands than grey, colours and alpha.

Their strips and tiles are unpacked by Pillow all the same: each is shown to it as a grey page of its own, whose pixels
are the bytes.
"""

import io
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from .deep import Values, without_no_data
from .kinds import Unreadable, require_pixels

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, SAMPLES = 256, 257, 258, 259, 262, 277
STRIPS, ROWS, STRIP_BYTES, PLANAR, PREDICTOR = 273, 278, 279, 284, 317
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES, EXTRA, FORMAT = 322, 323, 324, 325, 338, 339
WHITE_IS_ZERO, GREYS, RGB = 0, (0, 1), 2
MOST_PAGES = 100_000  # that are counted
LETTERS = {1: "u", 2: "i", 3: "f"}
PACKED = (1, 5, 8, 32773, 32946, 34925, 50000)  # none, LZW, deflate, PackBits, deflate, LZMA, zstd


@dataclass(frozen=True)
class Bands:
    """What a TIFF's first page says of itself."""

    tags: dict[int, Any]
    order: str  # "<" or ">"
    pages: int

    @property
    def count(self) -> int:
        """Of all bands that there are."""
        return int(self.tags.get(SAMPLES, 1))

    @property
    def clear(self) -> bool:
        """Whether the last band is said to be how opaque a pixel is."""
        return any(each in (1, 2) for each in _many(self.tags.get(EXTRA, ())))

    @property
    def shown(self) -> int:
        """How many bands something shows in."""
        return self.count - self.clear

    @property
    def dtype(self) -> np.dtype[Any] | None:
        """None for bands that differ, or are no whole bytes."""
        bits, formats = set(_many(self.tags.get(BITS, 1))), set(_many(self.tags.get(FORMAT, 1)))
        if len(bits) > 1 or len(formats) > 1 or (size := bits.pop()) not in (8, 16, 32, 64):
            return None
        letter = LETTERS.get(formats.pop(), "")
        return np.dtype(f"{self.order}{letter}{size // 8}") if letter and (letter != "f" or size > 8) else None

    @property
    def ours(self) -> bool:
        """Whether Pillow would lose some of it, and this module would not."""
        colours = self.tags.get(PHOTOMETRIC)
        if self.dtype is None or colours not in (*GREYS, RGB) or self.tags.get(COMPRESSION, 1) not in PACKED:
            return False
        return self.dtype.itemsize > 1 or self.shown not in (1, 3)


def bands(file: BinaryIO) -> Bands | None:
    """Of a TIFF, from where it stands in memory; None for what is none."""
    file.seek(0)
    head = file.read(16)
    if head[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return None
    try:
        page = ImageFileDirectory_v2(head[:8] if b"*" in head[:4] else head)
        file.seek(page.next)
        page.load(file)
        order = "<" if head[:1] == b"I" else ">"
        return Bands(dict(page.items()), order, _pages(file, order, *((8, 20) if b"+" in head[:4] else (4, 12))))
    except Exception:  # noqa: BLE001  # Pillow itself says what is wrong with it
        return None


def read(file: BinaryIO, known: Bands, chosen: tuple[int, ...]) -> tuple[Values, Values | None]:
    """The bands that are shown, (H, W, 3), or (H, W) of fewer than three; and how opaque they are, (H, W) of 0 to 1.

    `chosen`: which of more than three, from 1. Raises Unreadable.
    """
    colours = [each - 1 for each in chosen] if known.shown > 3 else [0, 1, 2] if known.shown == 3 else [0]
    if max(colours) >= known.shown:
        raise Unreadable(
            f"The file has {known.shown} bands, so it has no band {max(colours) + 1}, which was chosen. Choose others."
        )
    wanted = [*colours, known.count - 1] if known.clear else colours
    tags, dtype = known.tags, known.dtype
    assert dtype is not None
    width, height = int(tags[WIDTH]), int(tags[HEIGHT])
    require_pixels(width, height)
    apart = tags.get(PLANAR, 1) == 2
    tiled = TILES in tags
    wide = int(tags[TILE_WIDTH]) if tiled else width
    high = min(int(tags[TILE_HEIGHT] if tiled else tags.get(ROWS, height)), height if not tiled else 1 << 30)
    require_pixels(wide, high)
    starts = _many(tags[TILES if tiled else STRIPS])
    sizes = _many(tags[TILE_BYTES if tiled else STRIP_BYTES])
    across, down = -(-width // wide), -(-height // high)
    inside = 1 if apart else known.count
    out = np.zeros((height, width, len(wanted)), dtype.newbyteorder("="))
    for place, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        band, at = divmod(place, across * down)
        if apart and band not in wanted:
            continue
        top, left = at // across * high, at % across * wide
        rows = high if tiled else min(high, height - top)
        file.seek(start)
        part = _unpacked(file.read(size), tags, rows, wide, inside, dtype)[: height - top, : width - left]
        for to, each in enumerate(wanted):
            if not apart or each == band:
                out[top : top + rows, left : left + wide, to] = part[..., 0 if apart else each]
    values = out[..., 0] if len(colours) == 1 else out[..., : len(colours)]
    if tags[PHOTOMETRIC] == WHITE_IS_ZERO:
        values = np.iinfo(values.dtype).max - values if values.dtype.kind == "u" else -values
    whole = np.iinfo(out.dtype).max if out.dtype.kind in "iu" else 1
    return without_no_data(values, tags), out[..., -1].astype(np.float32) / whole if known.clear else None


def _unpacked(data: bytes, tags: dict[int, Any], rows: int, wide: int, inside: int, dtype: np.dtype[Any]) -> Values:
    """A strip's or tile's values: (rows, wide, bands in it)."""
    line = wide * inside * dtype.itemsize
    if tags.get(COMPRESSION, 1) != 1:
        data = _shown_as_grey(data, int(tags[COMPRESSION]), line, rows)
    if len(data) < rows * line:
        raise Unreadable("The image is cut off or damaged (a strip is too short).")
    flat = np.frombuffer(data, np.uint8, rows * line)
    predictor = tags.get(PREDICTOR, 1)
    if predictor == 3:  # each line's bytes lie apart, the highest first, as differences
        planes = np.cumsum(flat.reshape(rows, -1, inside), 1, dtype=np.uint8).reshape(rows, dtype.itemsize, -1)
        values = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(dtype.newbyteorder(">"))
        return values.reshape(rows, wide, inside).astype(dtype.newbyteorder("="))
    values = flat.view(dtype).reshape(rows, wide, inside).astype(dtype.newbyteorder("="))
    return np.cumsum(values, 1, dtype=values.dtype) if predictor == 2 else values


def _shown_as_grey(data: bytes, compression: int, wide: int, high: int) -> bytes:
    """Unpacked bytes, by Pillow."""
    entries = (
        *((WIDTH, wide), (HEIGHT, high), (BITS, 8), (COMPRESSION, compression), (PHOTOMETRIC, 1)),
        *((STRIPS, 8 + 2 + 9 * 12 + 4), (SAMPLES, 1), (ROWS, high), (STRIP_BYTES, len(data))),
    )
    page = struct.pack("<2sHIH", b"II", 42, 8, len(entries))
    page += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries) + struct.pack("<I", 0)
    with Image.open(io.BytesIO(page + data), formats=["TIFF"]) as image:
        return image.tobytes()


def _pages(file: BinaryIO, order: str, size: int, entry: int) -> int:
    """How many there are. `size`: of a place in the file, `entry`: of a tag, in bytes."""
    letter = {4: "I", 8: "Q"}[size]
    file.seek(size)
    places: set[int] = set()
    at = struct.unpack(order + letter, file.read(size))[0]
    while at and at not in places and len(places) < MOST_PAGES:
        places.add(at)
        file.seek(at)
        few = size // 2 if size == 4 else size
        count = struct.unpack(f"{order}{'H' if size == 4 else 'Q'}", file.read(few))[0]
        file.seek(at + few + count * entry)
        behind = file.read(size)
        at = struct.unpack(order + letter, behind)[0] if len(behind) == size else 0
    return len(places)


def _many(found: Any) -> tuple[Any, ...]:
    return tuple(found) if isinstance(found, tuple | list) else (found,)
