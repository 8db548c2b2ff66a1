"""A picture, and a map of where the evidence is."""

import io

import numpy as np
from PIL import Image

from transfer_core.data.answers import Heat
from transfer_core.types import Fit


def picture(width: int = 300, height: int = 200) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (120, 160, 200)).save(out, "JPEG", quality=95)
    return out.getvalue()


def heat(fit: Fit = "crop", **changed: object) -> Heat:
    """Hot in the upper left of its 4 x 4 places for the first class, nowhere for the second."""
    maps = np.zeros((2, 4, 4))
    maps[0, 0, 0], maps[1] = 2.0, -1.0
    facts = {"classes": (1, 0), "maps": maps, "tried": (0.9, 0.2, 0.8), "resize_px": 100, "crop_px": 80, "fit": fit}
    return Heat(**(facts | changed))  # type: ignore[arg-type]
