"""The one door through which image files become pixels, and the decode-once cache of a dataset's squares."""

import errno
import io
import os
import secrets
import shutil
import zlib
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core import awake
from transfer_core.data import pictures
from transfer_core.data.parallel import in_order, paced
from transfer_core.data.pictures import SHARP as SHARP
from transfer_core.data.pictures import Picture, Unreadable, as_picture, picture
from transfer_core.data.pictures import fit_square as fit_square
from transfer_core.errors import DatasetError, ImageError, NoRoom, disk_words
from transfer_core.kept import whole
from transfer_core.types import NEWEST, Dataset, Fit, Ints, Progress, Rendering

MOST_MENDED = 256  # squares decoded again that are kept in memory
SPARE_BYTES = 2 << 30  # always left free on the disk
AGAIN = "Import its images again, from the same zip or folder: that brings its files back."


def open_rgb(file: Path | BinaryIO, rendering: Rendering = NEWEST) -> Image.Image:
    """The first frame of an image file, upright, as 8-bit RGB.

    Raises ImageError with the reason in words, OSError for a file that cannot be opened.
    """
    return decode(file, rendering).image


def upright(image: Image.Image, rendering: Rendering) -> Image.Image:
    """A picture that is open already, upright, as 8-bit RGB. Raises ImageError when its file is damaged."""
    try:
        return as_picture(image, rendering)
    except Unreadable as error:
        raise ImageError(str(error)) from error


def decode(file: Path | BinaryIO, rendering: Rendering = NEWEST, *, enough_px: int | None = None) -> Picture:
    """Like open_rgb, with what the import wants to know; large JPEGs may come smaller, both sides >= `enough_px`."""
    try:
        return picture(file, rendering, enough_px=enough_px)
    except Unreadable as error:
        raise ImageError(str(error)) from error


def square(
    file: Path | BinaryIO, rendering: Rendering = NEWEST, *, resize_px: int, crop_px: int, fit: Fit = "crop"
) -> NDArray[np.uint8]:
    """An image file as a network sees it, for training and prediction alike: (crop_px, crop_px, 3)."""
    try:
        return pictures.square(file, rendering, resize_px=resize_px, crop_px=crop_px, fit=fit)
    except Unreadable as error:
        raise ImageError(str(error)) from error


def sample_square(dataset: Dataset, file: Path, *, resize_px: int, crop_px: int, fit: Fit) -> NDArray[np.uint8]:
    """The same of a dataset's sample. Raises DatasetError when it cannot be read."""
    try:
        return square(file, dataset.rendering, resize_px=resize_px, crop_px=crop_px, fit=fit)
    except ImageError as error:
        raise DatasetError(f"Sample {file.name} of '{dataset.name}' has changed: {error} {AGAIN}") from error
    except OSError as error:
        raise lost(dataset, file, error) from error


def encoded(image: Image.Image, kind: str, **how: Any) -> bytes:
    """A picture as a file of that kind: "JPEG", "PNG"."""
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def pixels(
    dataset: Dataset, folder: Path, *, resize_px: int, crop_px: int, fit: Fit = "crop"
) -> Generator[Progress, None, "Squares"]:
    """Every sample's square, decoded once and kept on disk beside `folder`/samples.

    Yields progress and returns them; closing the generator half-way leaves no file behind.
    Raises DatasetError when a sample cannot be read or the disk is too full.
    """
    file = folder / f"pixels-{resize_px if fit == 'crop' else fit}-{crop_px}.npy"
    shape = (len(dataset), crop_px, crop_px, 3)

    def load(name: str) -> NDArray[np.uint8]:
        return sample_square(dataset, folder / "samples" / name, resize_px=resize_px, crop_px=crop_px, fit=fit)

    def again(row: int) -> NDArray[np.uint8]:
        return load(dataset.files[row])

    if (kept := _kept(file, shape)) is not None:
        return Squares(file, *kept, again)
    try:
        _require_room(folder, shape)
    except OSError as error:
        raise lost(dataset, folder, error) from error

    temporary = folder / f".{file.stem}-{secrets.token_hex(4)}.npy"  # two runs may build it at once
    start = awake.seconds()
    try:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        sums = np.zeros(len(dataset), np.uint32)
        _reserve(temporary)
        with closing(in_order(load, dataset.files)) as squares:
            for i, one in enumerate(squares):
                array[i], sums[i] = one, zlib.crc32(one.tobytes())
                yield paced("Decoding images", i + 1, len(dataset), start)
        array.flush()
        with whole(_sums(file)) as part, part.open("wb") as opened:
            np.save(opened, sums)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    return Squares(file, _read_only(file), sums, again)


class Squares:
    """A dataset's squares, (N, side, side, 3), on the disk. Each is held against its CRC-32 when it is first taken.

    One that has changed on the disk is decoded again, and so are all by the next who asks.
    """

    def __init__(
        self,
        file: Path,
        array: NDArray[np.uint8],
        sums: NDArray[np.uint32],
        again: Callable[[int], NDArray[np.uint8]],
    ) -> None:
        self.shape = array.shape
        self._file, self._array, self._sums, self._again = file, array, sums, again
        self._held = np.zeros(len(array), bool)
        self._damaged: set[int] = set()
        self._mended: dict[int, NDArray[np.uint8]] = {}

    def __getitem__(self, rows: Ints) -> NDArray[np.uint8]:
        """Sample numbers (B,) -> (B, side, side, 3), a copy."""
        taken: NDArray[np.uint8] = self._array[rows]
        for place, row in enumerate(rows.tolist()):
            if not self._held[row]:
                self._held[row] = True
                if zlib.crc32(taken[place]) != self._sums[row]:
                    self._file.unlink(missing_ok=True)
                    self._damaged.add(row)
            if row in self._damaged:
                taken[place] = self._decoded(row)
        return taken

    def _decoded(self, row: int) -> NDArray[np.uint8]:
        if row in self._mended:
            return self._mended[row]
        found = self._again(row)
        if len(self._mended) < MOST_MENDED:
            self._mended[row] = found
        return found


def lost(dataset: Dataset, file: Path, error: OSError) -> DatasetError:
    """Of a dataset's file that cannot be read: what is wrong, and the way out."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return DatasetError(f"Files of the dataset '{dataset.name}' are gone: {file} is not there. {AGAIN}")
    return DatasetError(f"The dataset '{dataset.name}' cannot be read. {disk_words(error, file)}")


def _kept(file: Path, shape: tuple[int, ...]) -> tuple[NDArray[np.uint8], NDArray[np.uint32]] | None:
    try:
        array, sums = _read_only(file), np.load(_sums(file))
    except (OSError, ValueError, EOFError):  # not there yet, or cut short by a full disk
        return None
    fits = array.shape == shape and array.dtype == np.uint8 and sums.shape == shape[:1] and sums.dtype == np.uint32
    return (array, sums) if fits else None


def _sums(file: Path) -> Path:
    return file.with_name(f"{file.stem}.crc32")


def _reserve(file: Path) -> None:
    """Take a file's room on the disk now: a full disk is an error here, but kills who writes to a hole in a map."""
    if hasattr(os, "posix_fallocate"):  # not on a Mac
        with file.open("rb+") as opened:
            os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)


def _read_only(file: Path) -> NDArray[np.uint8]:
    array: NDArray[np.uint8] = np.load(file, mmap_mode="r")
    return array


def _require_room(folder: Path, shape: tuple[int, ...]) -> None:
    need, free = int(np.prod(shape)), shutil.disk_usage(folder).free
    if need + SPARE_BYTES > free:
        raise NoRoom(
            f"The decoded images need {need / 1e9:.1f} GB and {SPARE_BYTES / 1e9:.0f} GB of spare room on the disk; "
            f"{free / 1e9:.1f} GB are free. Free some space, or choose a backbone with a smaller input.",
            need=need + SPARE_BYTES,
        )
