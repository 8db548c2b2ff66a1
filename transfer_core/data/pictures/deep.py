"""Values of more than 8 bits: taken out of their files, and put on a dataset's scale."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from transfer_core.types.rendering import Rendering

DEPTHS = (255, 1023, 4095, 16383, 65535)  # 8, 10, 12, 14 and 16 bits
OLD_DEPTHS = (255, 4095, 65535)  # those that a file's own brightest value is held against
FARTHEST = 1e38  # from 0, that values are told apart
NO_DATA = 42113  # GDAL's tag: the value that stands for none
_LOW = {"RGB;16B": "RGB;16L", "RGBA;16B": "RGBA;16L"}  # read as the other order of bytes, the low ones come out

Values = NDArray[Any]


def kind(values: Values) -> str:
    """The name of the scale in `Rendering` that they are put on."""
    return "colours" if values.ndim == 3 else "floats" if values.dtype.kind == "f" else "integers"


def grey(image: Image.Image) -> Values:
    """A loaded picture of deep grey, (H, W); what its file says is no value is not a number."""
    return without_no_data(np.asarray(image), getattr(image, "tag_v2", {}))


def without_no_data(values: Values, tags: Mapping[int, Any]) -> Values:
    """A TIFF's values, not a number where its tags say that there is none."""
    try:
        none = float(str(tags.get(NO_DATA, "nan")).strip("\0 "))
    except ValueError:
        return values
    empty = values == none
    return np.where(empty, np.float32(np.nan), values.astype(np.float32)) if empty.any() else values


def is_deep_png(image: ImageFile) -> bool:
    """Whether an opened PNG has colours of 16 bits, of which Pillow would keep the upper 8."""
    return image.format == "PNG" and bool(image.tile) and image.tile[0].args in (*_LOW, "LA;16B")


def deep_png(high: ImageFile, low: ImageFile) -> tuple[Values, Image.Image | None]:
    """The colours of a 16-bit PNG that was opened twice, (H, W, 3) or (H, W), and its alpha, if it has one."""
    rawmode = str(low.tile[0].args)
    if rawmode == "LA;16B":  # its four bytes a pixel, as they are
        low._mode, low.tile = "RGBA", [tile._replace(args="RGBA") for tile in low.tile]
        four = np.asarray(low).astype(np.uint16)
        return four[..., 0] << 8 | four[..., 1], Image.fromarray(four[..., 2].astype(np.uint8))
    low.tile = [tile._replace(args=_LOW[rawmode]) for tile in low.tile]
    upper, lower = np.asarray(high), np.asarray(low)
    values = upper[..., :3].astype(np.uint16) << 8 | lower[..., :3]
    return values, Image.fromarray(upper[..., 3]) if upper.shape[2] == 4 else None


def scaled(values: Values, rendering: Rendering) -> NDArray[np.uint8]:
    """By the dataset's scale, or where it has none by the bit depth that holds a file's brightest value."""
    if rendering.rules == 1:
        return _as_at_first(values)
    return on_scale(values, *(getattr(rendering, kind(values)) or _depth(values)))


def on_scale(values: Values, low: float, high: float) -> NDArray[np.uint8]:
    """`low` and what lies below becomes black, `high` and what lies above white; what is no number, black."""
    low, high = max(low, -FARTHEST), min(high, FARTHEST)
    found = values.astype(np.float32)
    np.nan_to_num(found, copy=False, nan=low, posinf=high, neginf=low)
    np.clip(found, low, high, out=found)
    found -= low
    found *= 255.0 / max(high - low, 1e-12)
    return np.rint(found, out=found).astype(np.uint8)


def _depth(values: Values) -> tuple[float, float]:
    """What is black and what white in a file that stands alone; floats up to 1 are white at 1."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not finite.size:
        return 0.0, 1.0
    low, high = min(0.0, float(finite.min())), float(finite.max())
    return low, next((float(top) for top in _tops(values) if high <= top), high)


def _tops(values: Values) -> tuple[float, ...]:
    return (1.0, *OLD_DEPTHS) if values.dtype.kind == "f" else OLD_DEPTHS


def _as_at_first(values: Values) -> NDArray[np.uint8]:
    deep: NDArray[np.float32] = np.nan_to_num(values.astype(np.float32), copy=False)  # all in place: it may be large
    low, high = min(0.0, float(deep.min())), float(deep.max())
    top = next((float(top) for top in _tops(values) if high <= top), high)
    deep -= low
    deep *= 255.0 / max(top - low, 1e-12)
    return np.rint(deep, out=deep).astype(np.uint8)
