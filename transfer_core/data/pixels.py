"""The one door through which image files become pixels, and the decode-once cache of a dataset's squares."""

import errno
import io
import os
import secrets
import shutil
import time
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.data import pictures
from transfer_core.data.parallel import in_order, paced
from transfer_core.data.pictures import SHARP as SHARP
from transfer_core.data.pictures import Picture, Unreadable, as_picture, picture
from transfer_core.data.pictures import fit_square as fit_square
from transfer_core.errors import DatasetError, ImageError, NoRoom, disk_words
from transfer_core.types import NEWEST, Dataset, Fit, Progress, Rendering

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
) -> Generator[Progress, None, NDArray[np.uint8]]:
    """Every sample's square, decoded once and kept on disk beside `folder`/samples: read-only (N, crop_px, crop_px, 3).

    Yields progress and returns the memory map; closing the generator half-way leaves no file behind.
    Raises DatasetError when a sample cannot be read or the disk is too full.
    """
    file = folder / f"pixels-{resize_px if fit == 'crop' else fit}-{crop_px}.npy"
    shape = (len(dataset), crop_px, crop_px, 3)
    if (kept := _kept(file, shape)) is not None:
        return kept
    try:
        _require_room(folder, shape)
    except OSError as error:
        raise lost(dataset, folder, error) from error

    def load(name: str) -> NDArray[np.uint8]:
        return sample_square(dataset, folder / "samples" / name, resize_px=resize_px, crop_px=crop_px, fit=fit)

    temporary = folder / f".{file.stem}-{secrets.token_hex(4)}.npy"  # two runs may build it at once
    start = time.monotonic()
    try:
        array = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        _reserve(temporary)
        with closing(in_order(load, dataset.files)) as squares:
            for i, one in enumerate(squares):
                array[i] = one
                yield paced("Decoding images", i + 1, len(dataset), start)
        array.flush()
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    return _read_only(file)


def lost(dataset: Dataset, file: Path, error: OSError) -> DatasetError:
    """Of a dataset's file that cannot be read: what is wrong, and the way out."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return DatasetError(f"Files of the dataset '{dataset.name}' are gone: {file} is not there. {AGAIN}")
    return DatasetError(f"The dataset '{dataset.name}' cannot be read. {disk_words(error, file)}")


def _kept(file: Path, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    try:
        array = _read_only(file)
    except (OSError, ValueError, EOFError):  # not there yet, or cut short by a full disk
        return None
    return array if array.shape == shape and array.dtype == np.uint8 else None


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
