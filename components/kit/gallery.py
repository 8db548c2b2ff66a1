"""Images in equal tiles, uncropped and in their own colours, with what is said of them underneath."""

import base64
import io
from collections.abc import Callable, Sequence
from functools import lru_cache

import streamlit as st
from PIL import Image, ImageOps

from components.kit import text
from transfer_core.errors import GraftError

SHOWN_PX = 320  # longer side sent to the browser: twice a tile, for dense screens
LIGHT = 24_000  # bytes up to which an image is sent as it is
KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp", b"GIF8": "gif"}


def gallery(tiles: Sequence[tuple[bytes, *tuple[str, ...]]]) -> None:
    """Draw tiles of an image's bytes and its captions: the first is its name or label, further ones say more."""
    if not tiles:
        st.caption("No images.")
        return
    figures = "".join(_figure(image, captions) for image, *captions in tiles)
    st.html(f'<style>{STYLE}</style><div class="graft-gallery">{figures}</div>')


def or_none(picture: Callable[[], bytes]) -> bytes:
    """An image's bytes; b"" where its file is gone or damaged, so that its tile says so."""
    try:
        return picture()
    except GraftError:
        return b""


def _figure(image: bytes, captions: Sequence[str]) -> str:
    said = ", ".join(text.html(caption) for caption in captions)
    lines = "".join(f"<span>{text.html(caption)}</span>" for caption in captions)
    return f'<figure title="{said}">{tag(data_uri(image), said)}<figcaption>{lines}</figcaption></figure>'


def tag(source: str, alt: str) -> str:
    """HTML of an image; of one that has no address, words in its place. `alt` is HTML."""
    return f'<img src="{source}" alt="{alt}" loading="lazy">' if source else '<i role="img">cannot be shown</i>'


@lru_cache(maxsize=512)
def data_uri(image: bytes) -> str:
    """An image for an HTML attribute, made small enough for a tile; '' when its bytes cannot be read."""
    kind = next((kind for magic, kind in KINDS.items() if image.startswith(magic)), "")
    if not kind or len(image) > LIGHT:
        try:
            image, kind = _smaller(image), "webp"
        except (OSError, ValueError, Image.DecompressionBombError):
            return ""
    return f"data:image/{kind};base64,{base64.b64encode(image).decode()}"


def _smaller(image: bytes) -> bytes:
    with Image.open(io.BytesIO(image), formats=["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]) as opened:
        opened.draft("RGB", (SHOWN_PX, SHOWN_PX))  # a large JPEG is decoded at a fraction of its size
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    picture.thumbnail((SHOWN_PX, SHOWN_PX))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=90)
    return out.getvalue()


STYLE = """
.graft-gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(132px, 30%), 1fr));
  gap: .75rem; margin: .25rem 0 .5rem; }
.graft-gallery figure { margin: 0; min-width: 0; }
.graft-gallery img, .graft-gallery i { display: block; width: 100%; aspect-ratio: 1; object-fit: contain;
  border-radius: 8px; background: color-mix(in srgb, currentColor 7%, transparent); }
.graft-gallery i { display: grid; place-items: center; font-size: .75rem; font-style: normal; text-align: center; }
.graft-gallery figcaption { margin-top: .3rem; font-size: .8125rem; line-height: 1.3; overflow-wrap: anywhere; }
.graft-gallery span { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.graft-gallery span + span { opacity: .78; }
"""
