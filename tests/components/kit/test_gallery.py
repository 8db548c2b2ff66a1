"""Galleries show every image small, and no caption is read as HTML."""

import base64
import io

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from components.kit import gallery


def _image(kind: str, size: tuple[int, int] = (640, 320), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_large_images_are_sent_small_and_whole(kind: str) -> None:
    head, body = gallery.data_uri(_image(kind)).split(",")
    assert head == "data:image/webp;base64"
    assert Image.open(io.BytesIO(base64.b64decode(body))).size == (320, 160)


def test_a_small_image_is_sent_as_it_is() -> None:
    image = _image("PNG", (20, 20))
    assert gallery.data_uri(image) == f"data:image/png;base64,{base64.b64encode(image).decode()}"


@pytest.mark.parametrize("image", [b"", b"garbage", _image("JPEG")[:30_000][:200] + b"x" * 30_000])
def test_an_unreadable_image_gets_a_tile_that_says_so(image: bytes) -> None:
    assert gallery.data_uri(image) == ""


def _page() -> None:
    from components.kit.gallery import gallery

    gallery([(b"GIF89a", "<script>alert(1)</script>", '" onload="x'), (b"?", "broken.jpg")])
    gallery([])


def test_captions_are_escaped() -> None:
    page = AppTest.from_function(_page).run()
    assert not page.exception
    body = page.get("html")[0].proto.body
    assert "<script" not in body
    assert '" onload' not in body
    assert "&lt;script&gt;" in body
    assert "cannot be shown" in body
    assert page.caption[0].value == "No images."
