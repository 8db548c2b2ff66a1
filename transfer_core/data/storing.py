"""One image file, looked at and put in its place: what the decoding process does for an import."""

import hashlib
import io
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.data.pictures import Picture, deep
from transfer_core.data.pixels import decode
from transfer_core.data.png import save_png
from transfer_core.data.thumbnails import SIDE, Bytes, look
from transfer_core.types import Rendering

LOOK_PX = 64  # large JPEGs are decoded to no less: enough to find damage and duplicates
VALUES = 512  # of a deep image that are kept until its dataset's scale is known
FLAT = 2  # levels between the darkest and the brightest pixel of a picture that shows nothing
GROUNDS = (255, 0, 127)  # beneath what is transparent, the first by preference
GOLDEN = 0.6180339887498949
WAITS = ".waits"  # ends the name of a file whose picture depends on others of its dataset

Singles = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Seen:
    """What an image file is, and what came out of it."""

    file: str  # its name where it was stored
    width: int  # px, upright
    height: int
    content: str  # SHA-256 of the user's file
    written: int  # bytes
    format: str
    depth: str = ""  # the name of the scale in `Rendering` that its values are put on; '' for 8 bits
    frames: int = 1
    bands: int = 3  # of those that are more
    grey: bool = False
    flat: bool = False
    levels: int = 256  # different greys of a deep image
    hidden: tuple[int, ...] = ()  # the grounds on which a picture that is transparent somewhere shows nothing
    clear: bool = False  # transparent somewhere
    look: Bytes = field(default_factory=lambda: np.zeros(0, np.uint8))
    values: Singles = field(default_factory=lambda: np.zeros(0, np.float32))  # some of a deep image's

    @property
    def waits(self) -> bool:
        """Whether its picture depends on the others of its dataset."""
        return bool(self.depth) or self.clear


def seen(content: bytes, target: str, rendering: Rendering) -> Seen:
    """Check an image file and store it as `target` with an ending. Raises ImageError, OSError when the disk is full.

    JPEGs are kept byte for byte, and so are plain PNGs; everything else becomes an upright 8-bit RGB PNG, now or, where
    others of its dataset count, by `settle`.
    """
    found = decode(io.BytesIO(content), rendering, enough_px=LOOK_PX)
    values = _some(found.values) if found.values is not None else np.zeros(0, np.float32)
    image, depth = found.image, "" if found.values is None else deep.kind(found.values)
    if depth:
        image = decode(io.BytesIO(content), with_scale(rendering, depth, _own(values))).image
    hidden = _hidden(found)
    if 255 in hidden and found.alpha is not None:
        image = next((_on(found, ground) for ground in GROUNDS if ground not in hidden), image)
    thumbnail = look(image)
    waits = bool(depth) or found.alpha is not None
    file = target + (WAITS if waits else ".jpg" if found.jpeg else ".png")
    if waits or found.jpeg or found.plain:
        with open(file, "wb") as out:
            written = out.write(content)
    else:
        written = save_png(found.image, file)
    return Seen(
        file=os.path.basename(file),
        width=found.width,
        height=found.height,
        content=hashlib.sha256(content).hexdigest(),
        written=written,
        format=found.format,
        depth=depth,
        frames=found.frames,
        bands=found.bands,
        grey=_is_grey(thumbnail[SIDE * SIDE :].tobytes()) and _is_grey(_few(image).tobytes()),
        flat=_is_even(thumbnail[: SIDE * SIDE]) and _is_flat(image),
        hidden=hidden,
        clear=found.alpha is not None,
        look=thumbnail,
        values=values,
    )


def settle(file: Path, rendering: Rendering) -> dict[str, Any]:
    """The picture of a file that waited, in its place: its name, and what of `Seen` only the rendering could tell."""
    found = decode(file, rendering)
    picture = file.with_suffix(".png")
    save_png(found.image, picture)
    file.unlink()
    levels = sum(map(bool, found.image.convert("L").histogram())) if found.values is not None else 256
    return {"file": picture.name, "flat": _is_flat(found.image), "levels": levels}


def with_scale(rendering: Rendering, depth: str, scale: tuple[float, ...]) -> Rendering:
    """`depth`: the scale's name in `Rendering`."""
    scales: dict[str, Any] = {depth: scale}
    return replace(rendering, **scales)


def _some(values: deep.Values) -> Singles:
    """Some of a file's values, from all over it."""
    flat = values.reshape(-1)
    at = ((np.arange(VALUES) + 0.5) * GOLDEN % 1 * flat.size).astype(np.int64)
    return np.asarray(flat[np.unique(at)], np.float32)


def _own(values: Singles) -> tuple[float, float]:
    """A range for one image alone, in which it can be compared."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, (1, 99))
    return float(low), float(max(high, low + 1e-6))


def _hidden(found: Picture) -> tuple[int, ...]:
    if found.alpha is None:
        return ()
    return tuple(ground for ground in GROUNDS if _is_flat(_on(found, ground)))


def _on(found: Picture, ground: int) -> Image.Image:
    assert found.colours is not None
    sheet = Image.new("RGB", found.colours.size, (ground, ground, ground))
    sheet.paste(found.colours, mask=found.alpha)
    return sheet


def _is_flat(image: Image.Image) -> bool:
    ends = (end for each in (_few(image), image) for end in each.getextrema())
    return all(high - low <= FLAT for low, high in ends)  # type: ignore[misc]


def _is_even(shades: Bytes) -> bool:
    """Whether a picture may be flat by its grey thumbnail, which a level more comes in by rounding."""
    return int(shades.max()) - int(shades.min()) <= FLAT + 1


def _is_grey(pixels: bytes) -> bool:
    """Of RGB pixels."""
    red, green, blue = pixels[::3], pixels[1::3], pixels[2::3]
    return red == green == blue or all(max(each) - min(each) <= 2 * FLAT for each in zip(red, green, blue, strict=True))


def _few(image: Image.Image) -> Image.Image:
    """Some pixels of an RGB picture, 8 x 8."""
    return image.resize((8, 8), Image.Resampling.NEAREST)
