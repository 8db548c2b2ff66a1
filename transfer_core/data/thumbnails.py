"""What images are compared by, small enough to be kept of all of them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 64  # px, of the grey thumbnail
COLOURS = 4  # cells a side, of the colour thumbnail

Bytes = NDArray[np.uint8]


def look(image: Image.Image) -> Bytes:
    """What an RGB image is compared by: its grey and its colour thumbnail, (4144,)."""
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    colour = image.resize((COLOURS, COLOURS), Image.Resampling.BOX)
    return np.frombuffer(grey.tobytes() + colour.tobytes(), np.uint8)
