"""An image file becomes one upright picture of 8-bit RGB."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile

from transfer_core.types.rendering import Rendering

from . import bands, deep, dicom
from .colour import in_srgb, on_ground
from .deep import Values
from .kinds import HEAD, MAX_PIXELS, Unreadable, formats, is_dicom, refusal, require_pixels

LARGE_PIXELS = 16_000_000  # larger ones are decoded one at a time, so that threads do not add up their memory
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
class Picture:
    """An image file, taken in."""

    image: Image.Image  # RGB, upright; smaller than width x height if `enough_px` allowed it
    width: int  # px, upright
    height: int  # px, upright
    format: str  # "JPEG", "PNG", "DICOM", ...
    plain: bool = False  # a PNG that holds exactly these 8-bit RGB pixels, upright, and no others
    frames: int = 1
    bands: int = 3  # of a file whose bands are neither grey nor three colours: how many
    values: Values | None = None  # deep ones, (H, W) or (H, W, 3), not turned
    alpha: Image.Image | None = None  # L, not turned: of a picture that is not opaque all over
    colours: Image.Image | None = None  # RGB, not turned: of such a one, without its alpha

    @property
    def jpeg(self) -> bool:
        return self.format in ("JPEG", "MPO")


def picture(file: Path | BinaryIO, rendering: Rendering, *, enough_px: int | None = None) -> Picture:
    """The first frame of an image file. Large JPEGs may come smaller, both sides >= `enough_px`.

    Raises Unreadable with the reason as a sentence, OSError for a file that cannot be opened.
    """
    with _opened(file) as data:
        head = data.read(HEAD)
        try:
            return _read(data, head, rendering, enough_px)
        except Unreadable:
            raise
        except UnidentifiedImageError as error:
            raise Unreadable(refusal(head)) from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise Unreadable(f"The image has more than {MAX_PIXELS // 10**6} million pixels.") from error
        except MemoryError as error:
            raise Unreadable("Decoding the image takes more memory than it may.") from error
        except OSError as error:
            if error.errno is None:  # a decoder's
                raise _damaged(error) from error
            raise
        except Exception as error:  # decoders raise almost anything on damaged files
            raise _damaged(error) from error


def as_picture(image: Image.Image, rendering: Rendering) -> Image.Image:
    """A picture that is open already, upright, as 8-bit RGB. Raises Unreadable when its file is damaged."""
    try:
        return _taken(image, *image.size, rendering).image
    except Unreadable:
        raise
    except Exception as error:  # decoders raise almost anything on damaged files
        raise _damaged(error) from error


@contextmanager
def _opened(file: Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(file, Path):
        with file.open("rb") as opened:
            yield opened
    else:
        yield file


def _damaged(error: Exception) -> Unreadable:
    words = " ".join(str(error).split())[:120].rstrip(".") or type(error).__name__
    return Unreadable(f"The image is cut off or damaged ({words}).")


def _read(data: BinaryIO, head: bytes, rendering: Rendering, enough_px: int | None) -> Picture:
    if is_dicom(head):
        image, values, frames = dicom.read(data)
        if image is None:
            assert values is not None
            return _deep(values, None, 1, "DICOM", rendering, frames=frames)
        rgb = image.convert("RGB")
        return Picture(image=rgb, width=rgb.width, height=rgb.height, format="DICOM", frames=frames)
    known = bands.bands(data) if rendering.rules > 1 else None
    if known is not None and known.ours:
        return _banded(data, known, rendering)
    data.seek(0)
    with Image.open(data, formats=formats(head)) as image:
        width, height = image.size
        require_pixels(width, height)
        if enough_px and min(width, height) > enough_px:
            image.draft(None, (enough_px, enough_px))
        with _one_large if image.width * image.height > LARGE_PIXELS else nullcontext():
            if rendering.rules > 1 and deep.is_deep_png(image):
                return _deep_png(image, data, rendering)
            return _taken(image, width, height, rendering)


def _banded(data: BinaryIO, known: bands.Bands, rendering: Rendering) -> Picture:
    values, opaque = bands.read(data, known, rendering.bands)
    alpha = None if opaque is None else Image.fromarray(np.rint(255 * opaque.clip(0, 1)).astype(np.uint8))
    turn = int(known.tags.get(ORIENTATION, 1))
    return _deep(values, alpha, turn, "TIFF", rendering, frames=known.pages, bands=known.shown)


def _deep_png(image: ImageFile, data: BinaryIO, rendering: Rendering) -> Picture:
    frames = _frames(image)
    again = io.BytesIO()
    data.seek(0)
    again.write(data.read())
    with Image.open(again, formats=["PNG"]) as low:
        image.load()
        turn = _orientation(image)
        values, alpha = deep.deep_png(image, low)
    return _deep(values, alpha, turn, "PNG", rendering, frames=frames)


def _deep(
    values: Values,
    alpha: Image.Image | None,
    turn: int,
    format: str,
    rendering: Rendering,
    *,
    frames: int,
    bands: int = 3,
) -> Picture:
    flat = values.dtype == np.uint8  # of bands that Pillow does not tell apart
    colours = Image.fromarray(values if flat else deep.scaled(values, rendering)).convert("RGB")
    clear = alpha is not None and alpha.getextrema() != (255, 255)
    image = on_ground(colours, alpha, rendering.ground) if alpha is not None and clear else colours
    upright = _turned(image, turn)
    return Picture(
        image=upright,
        width=upright.width,
        height=upright.height,
        format=format,
        frames=frames,
        bands=3 if bands == 1 else bands,
        values=None if flat else values,
        alpha=alpha if clear else None,
        colours=colours if clear else None,
    )


def _taken(image: Image.Image, width: int, height: int, rendering: Rendering) -> Picture:
    """`width`, `height`: of the file, which a JPEG's pixels may be fewer than."""
    format, frames = image.format or "", _frames(image)
    image.load()  # the only check that finds a truncated file
    turn = _orientation(image)
    if image.mode[0] in "IF":
        values = deep.grey(image) if rendering.rules > 1 else np.asarray(image)
        return _deep(values, None, turn, format, rendering, frames=frames)
    plain = format == "PNG" and image.mode == "RGB" and turn == 1 and frames == 1 and not image.has_transparency_data
    colours, alpha = _rgb(image, rendering)
    rgb = _turned(colours if alpha is None else on_ground(colours, alpha, rendering.ground), turn)
    if format not in ("JPEG", "MPO"):
        width, height = rgb.size
    elif turn in SIDEWAYS:
        width, height = height, width
    return Picture(
        image=rgb,
        width=width,
        height=height,
        format=format,
        plain=plain,
        frames=1 if format == "MPO" else frames,  # the others are its depth, or a smaller copy
        alpha=alpha,
        colours=None if alpha is None else colours,
    )


def _rgb(image: Image.Image, rendering: Rendering) -> tuple[Image.Image, Image.Image | None]:
    """The colours of a loaded picture, and its alpha where it is not opaque all over."""
    alpha = None
    if image.has_transparency_data:
        layer = image if image.mode == "RGBA" else image.convert("RGBA")
        alpha = layer.getchannel("A")
        image = _with_profile_of(image, layer.convert("RGB"))
        if alpha.getextrema() == (255, 255):
            alpha = None
    if rendering.rules > 1:
        return in_srgb(_with_profile_of(image, image.convert("RGB")) if image.mode == "P" else image), alpha
    return (image if image.mode == "RGB" else image.convert("RGB")), alpha


def _with_profile_of(image: Image.Image, made: Image.Image) -> Image.Image:
    """`made`, whose colours are those of `image`."""
    if profile := image.info.get("icc_profile"):
        made.info["icc_profile"] = profile
    return made


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else image


def _frames(image: Image.Image) -> int:
    """How many frames or pages there are, of a picture that is not loaded yet."""
    try:
        return int(getattr(image, "n_frames", 1))
    except Exception:  # noqa: BLE001  # a later page that is damaged is no reason to lose the first
        image.seek(0)
        return 2


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except Exception:  # noqa: BLE001  # broken metadata is no reason to lose the image
        return 1
