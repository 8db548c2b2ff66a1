"""Pictures of any shape become the network's square."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.types.rendering import Rendering

from .picture import picture

SHARP = 3  # a JPEG is decoded smaller when this many times the wanted side remains: within 0.3/255 on photos
LONGEST = 8  # an image whose sides differ by more is a strip
GREY = (127, 127, 127)  # beside a padded picture: near every network's mean, so that it says nothing


def fit_square(image: Image.Image, *, resize_px: int, crop_px: int, fit: str = "crop") -> NDArray[np.uint8]:
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


def square(
    file: Path | BinaryIO, rendering: Rendering, *, resize_px: int, crop_px: int, fit: str = "crop"
) -> NDArray[np.uint8]:
    """An image file as a network sees it, for training and prediction alike: (crop_px, crop_px, 3)."""
    image = picture(file, rendering, enough_px=SHARP * (resize_px if fit == "crop" else crop_px)).image
    return fit_square(image, resize_px=resize_px, crop_px=crop_px, fit=fit)
