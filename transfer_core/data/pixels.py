"""The one door through which image files become pixels, and the decode-once cache of a dataset's squares."""

import errno
import io
import os
import secrets
import shutil
import threading
import time
from collections.abc import Generator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from transfer_core.data.parallel import in_order, paced
from transfer_core.errors import DatasetError, ImageError, NoRoom, disk_words
from transfer_core.types import Dataset, Fit, Progress

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")  # nothing that starts another program, as EPS does
MAX_PIXELS = 80_000_000  # 240 MB as RGB; below the size at which Pillow itself warns
LARGE_PIXELS = 16_000_000  # larger ones are decoded one at a time, so that threads do not add up their memory
SHARP = 3  # a JPEG is decoded smaller when this many times the wanted side remains: within 0.3/255 on photos
LONGEST = 8  # an image whose sides differ by more is a strip
GREY = (127, 127, 127)  # beside a padded picture: near every network's mean, so that it says nothing
SPARE_BYTES = 2 << 30  # always left free on the disk
AGAIN = "Import its images again, from the same zip or folder: that brings its files back."
DEPTHS = (255, 4095, 65535)  # 8, 12 and 16 bits: how far deep grey images count

ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)

_one_large = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """An image file, taken in."""

    image: Image.Image  # RGB, upright; smaller than width x height if `enough_px` allowed it
    width: int  # px, upright
    height: int  # px, upright
    jpeg: bool
    plain: bool  # the file holds exactly these 8-bit RGB pixels, upright, and no others


def open_rgb(file: Path | BinaryIO) -> Image.Image:
    """The first frame of an image file, upright, as 8-bit RGB on white.

    Raises ImageError with the reason in words, OSError for a file that cannot be opened.
    """
    return decode(file).image


def upright(image: Image.Image) -> Image.Image:
    """A picture that is open already, upright, as 8-bit RGB on white. Raises ImageError when its file is damaged."""
    try:
        return _decoded(image, *image.size).image
    except Exception as error:  # decoders raise almost anything on damaged files
        raise ImageError(f"The image is cut off or damaged ({_words(error)}).") from error


def decode(file: Path | BinaryIO, *, enough_px: int | None = None) -> Decoded:
    """Like open_rgb, with what the import wants to know; large JPEGs may come smaller, both sides >= `enough_px`."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(f"The image has {width} x {height} pixels; at most {MAX_PIXELS // 10**6} million fit.")
            if enough_px and min(width, height) > enough_px:
                image.draft(None, (enough_px, enough_px))
            with _one_large if image.width * image.height > LARGE_PIXELS else nullcontext():
                return _decoded(image, width, height)
    except ImageError:
        raise
    except UnidentifiedImageError as error:
        raise ImageError("The file is not an image of a kind that Graft reads (" + ", ".join(FORMATS) + ").") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError(f"The image has more than {MAX_PIXELS // 10**6} million pixels.") from error
    except OSError as error:
        if error.errno is None:  # a decoder's
            raise ImageError(f"The image is cut off or damaged ({_words(error)}).") from error
        raise
    except MemoryError as error:
        raise ImageError("Decoding the image takes more memory than it may.") from error
    except Exception as error:  # decoders raise almost anything on damaged files
        raise ImageError(f"The image is cut off or damaged ({_words(error)}).") from error


def _decoded(image: Image.Image, width: int, height: int) -> Decoded:
    image.load()  # the only check that finds a truncated file
    jpeg = image.format in ("JPEG", "MPO")
    orientation = _orientation(image)
    plain = image.format == "PNG" and image.mode == "RGB" and orientation == 1
    plain = plain and not image.has_transparency_data and getattr(image, "n_frames", 1) == 1
    rgb = _rgb(image)
    if orientation in UPRIGHT:
        rgb = rgb.transpose(UPRIGHT[orientation])
    if not jpeg:
        width, height = rgb.size
    elif orientation in SIDEWAYS:
        width, height = height, width
    return Decoded(image=rgb, width=width, height=height, jpeg=jpeg, plain=plain)


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001  # broken metadata is no reason to lose the image
        return 1


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode[0] in "IF":
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        layer = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", layer.size, "white")
        white.paste(layer, mask=layer.getchannel("A"))
        return white
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Deep grey to 8 bits: by the bit depth that holds the brightest value, floats up to 1 by 1: (H, W)."""
    deep: NDArray[np.float32] = np.nan_to_num(values.astype(np.float32), copy=False)  # all in place: it may be large
    low, high = min(0.0, float(deep.min())), float(deep.max())
    tops = (1.0, *DEPTHS) if values.dtype.kind == "f" else DEPTHS
    top = next((float(t) for t in tops if high <= t), high)
    deep -= low
    deep *= 255.0 / max(top - low, 1e-12)
    return np.rint(deep, out=deep).astype(np.uint8)


def _words(error: Exception) -> str:
    text = " ".join(str(error).split())[:120].rstrip(".")
    return text or type(error).__name__


def fit_square(image: Image.Image, *, resize_px: int, crop_px: int, fit: Fit = "crop") -> NDArray[np.uint8]:
    """A picture of any shape as the network's square, (crop_px, crop_px, 3); bilinear, antialiased.

    "crop": the shorter side to `resize_px`, then the centre, the same pixels as torchvision.transforms'
    ImageClassification preset gives for a Pillow image; of strips longer than `LONGEST` squares only the centre is
    computed (within 1/255), so that 1 x 1,000,000 px costs no more. "pad": the longer side to `crop_px`, grey beside
    it. "squeeze": both sides to `crop_px`. These two see the whole picture.
    """
    width, height = image.size
    if fit == "squeeze":
        return np.asarray(image.resize((crop_px, crop_px), Image.Resampling.BILINEAR))
    if fit == "pad":
        return _padded(image, crop_px)
    short = min(width, height)
    wide, high = int(resize_px * width / short), int(resize_px * height / short)
    left, top = round((wide - crop_px) / 2), round((high - crop_px) / 2)
    square = (left, top, left + crop_px, top + crop_px)
    if max(wide, high) <= LONGEST * resize_px:
        return np.asarray(image.resize((wide, high), Image.Resampling.BILINEAR).crop(square))
    x, y = width / wide, height / high
    box = (left * x, top * y, min((left + crop_px) * x, width), min((top + crop_px) * y, height))
    return np.asarray(image.resize((crop_px, crop_px), Image.Resampling.BILINEAR, box=box))


def _padded(image: Image.Image, px: int) -> NDArray[np.uint8]:
    width, height = image.size
    long = max(width, height)
    wide, high = max(1, round(px * width / long)), max(1, round(px * height / long))
    sheet = Image.new("RGB", (px, px), GREY)
    sheet.paste(image.resize((wide, high), Image.Resampling.BILINEAR), ((px - wide) // 2, (px - high) // 2))
    return np.asarray(sheet)


def square(file: Path | BinaryIO, *, resize_px: int, crop_px: int, fit: Fit = "crop") -> NDArray[np.uint8]:
    """An image file as a network sees it, for training and prediction alike: (crop_px, crop_px, 3)."""
    image = decode(file, enough_px=SHARP * (resize_px if fit == "crop" else crop_px)).image
    return fit_square(image, resize_px=resize_px, crop_px=crop_px, fit=fit)


def sample_square(dataset: Dataset, file: Path, *, resize_px: int, crop_px: int, fit: Fit) -> NDArray[np.uint8]:
    """The same of a dataset's sample. Raises DatasetError when it cannot be read."""
    try:
        return square(file, resize_px=resize_px, crop_px=crop_px, fit=fit)
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
