"""Images small enough to travel inside a page."""

import base64
import io
from typing import Any

from PIL import Image

from transfer_core.data.pixels import encoded, open_rgb
from transfer_core.errors import ImageError

THUMBNAIL_PX = 192  # longer side: dense screens show a tile of 130 px sharply enough, and it prints at 150 dots an inch
QUALITY = 78


def data_uri(image: bytes) -> str:
    """An image's file as the address of a small JPEG, upright and uncropped; '' when it can't be read.

    A page that is printed to PDF keeps a JPEG's own bytes; a WebP would be unpacked there, to several times its size.
    """
    try:
        picture = open_rgb(io.BytesIO(image))
    except ImageError:
        return ""
    picture.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return address(picture, "JPEG", quality=QUALITY)


def address(picture: Image.Image, kind: str, **how: Any) -> str:
    """A picture inside a page."""
    content = base64.b64encode(encoded(picture, kind, optimize=True, **how)).decode()
    return f"data:image/{kind.lower()};base64,{content}"
