"""Colour profiles and transparency."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

NEAR = 3  # levels between what a profile makes of colours and the colours themselves that nobody sees
SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab "}


def in_srgb(image: Image.Image) -> Image.Image:
    """A loaded picture as RGB; the colours of one whose profile is not sRGB are brought over."""
    icc = image.info.get("icc_profile")
    if image.mode == "LAB":
        lab = _lab()
        return ImageCms.applyTransform(image, lab) or image
    if icc and image.mode in SPACES:
        transform = _transform(bytes(icc), image.mode)
        if transform is not None:
            return ImageCms.applyTransform(image, transform) or image
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=1)
def _lab() -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")


@lru_cache(maxsize=8)
def _transform(icc: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """None for a profile that cannot be used, is of other colours, or changes nothing that anybody sees."""
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        if profile.profile.xcolor_space != SPACES[mode]:
            return None
        found = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode == "CMYK":
            return found
        steps = np.linspace(0, 255, 5).round().astype(np.uint8)
        if mode == "L":
            probe = Image.fromarray(steps[None])
        else:
            probe = Image.fromarray(np.stack(np.meshgrid(steps, steps, steps), -1).reshape(1, -1, 3))
        seen = ImageCms.applyTransform(probe, found)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    if seen is None:
        return None
    away = np.asarray(seen).astype(int) - np.asarray(probe.convert("RGB")).astype(int)
    return found if np.abs(away).max() > NEAR else None


def on_ground(colours: Image.Image, alpha: Image.Image, ground: int) -> Image.Image:
    """An RGB picture on a grey ground, where it is transparent."""
    sheet = Image.new("RGB", colours.size, (ground, ground, ground))
    sheet.paste(colours, mask=alpha)
    return sheet
