"""A picture with a run's heat map over it: what the network saw in its place, what was cut off in the dark."""

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from transfer_core.workspace import Heat

# Matplotlib's inferno from its third on (CC0): even steps of lightness, told apart without colour too.
STOPS = ((101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21), (250, 193, 39), (252, 255, 164))
DENSEST = 0.78  # of the colour, where the map is hottest
GREY = (127, 127, 127)  # beside a padded picture, as the network sees it
SIDE_PX = 480  # of the longer side, at least: small pictures are drawn larger, so that the map is smooth
QUALITY = 88


def overlay(picture: bytes, heat: Heat, place: int, most: float) -> bytes:
    """The picture, a JPEG, with the map of the class at that place; `most`: the value that is drawn as the hottest."""
    return _drawn(
        picture, heat.maps[place].tobytes(), heat.maps.shape[-1], most, heat.resize_px, heat.crop_px, heat.fit
    )


def hottest(heat: Heat, *places: int) -> float:
    """The highest value of these maps: drawn by it, they can be held against each other. 0 where nothing speaks for."""
    return max((float(heat.maps[place].max(initial=0.0)) for place in places), default=0.0)


def legend() -> str:
    """CSS: the colours from nothing to the hottest, as they come out over grey."""
    colours = ", ".join(f"rgb({r} {g} {b})" for r, g, b in STOPS)
    return f"linear-gradient(90deg, rgb{GREY}, {colours})"


@lru_cache(maxsize=256)
def _drawn(picture: bytes, values: bytes, side: int, most: float, resize_px: int, crop_px: int, fit: str) -> bytes:
    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    if max(image.size) < SIDE_PX:
        scale = SIDE_PX / max(image.size)
        size = round(image.width * scale), round(image.height * scale)
        image = image.resize(size, Image.Resampling.BICUBIC)
    if fit == "pad":
        image = _padded(image)
    left, top, right, bottom = _seen(image.size, resize_px, crop_px, fit)
    grid = np.frombuffer(values).reshape(side, side).clip(0) / (most or 1.0)
    shape = right - left, bottom - top
    smooth = Image.fromarray(grid.astype(np.float32)).resize(shape, Image.Resampling.BICUBIC)
    share = np.asarray(smooth).clip(0, 1)  # (h, w)
    seen = np.asarray(image.crop((left, top, right, bottom)), np.float32)
    quiet = 0.5 * seen + 0.5 * seen.mean(2, keepdims=True)  # so that the map's colours are the loudest
    cover = (DENSEST * share)[..., None]
    out = image.convert("L").point(lambda value: value * 0.35).convert("RGB")
    out.paste(Image.fromarray((quiet * (1 - cover) + _colours(share) * cover).round().astype(np.uint8)), (left, top))
    if shape != image.size:
        ImageDraw.Draw(out).rectangle((left, top, right - 1, bottom - 1), outline="white", width=2)
    kept = io.BytesIO()
    out.save(kept, "JPEG", quality=QUALITY)
    return kept.getvalue()


def _colours(share: NDArray[np.floating]) -> NDArray[np.float64]:
    """(...) from 0 to 1 -> (..., 3)"""
    at = np.linspace(0, 1, len(STOPS))
    return np.stack([np.interp(share, at, channel) for channel in zip(*STOPS, strict=True)], -1)


def _padded(image: Image.Image) -> Image.Image:
    side = max(image.size)
    sheet = Image.new("RGB", (side, side), GREY)
    sheet.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return sheet


def _seen(size: tuple[int, int], resize_px: int, crop_px: int, fit: str) -> tuple[int, int, int, int]:
    """The part of a picture that is in the network's square: left, top, right, bottom."""
    if fit != "crop":
        return (0, 0, *size)
    side = round(min(size) * crop_px / resize_px)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return left, top, left + side, top + side
