"""Pictures are the same once they are PNG files."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transfer_core.data import png


@pytest.mark.parametrize("band", [1, 200, png.BAND])
@pytest.mark.parametrize("size", [(1, 1), (64, 64), (7, 300), (300, 7)])
def test_a_picture_comes_back_as_it_was(
    size: tuple[int, int], band: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "BAND", band)
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    written = png.save_png(Image.fromarray(pixels), tmp_path / "1.png")
    assert written == (tmp_path / "1.png").stat().st_size
    with Image.open(tmp_path / "1.png") as image:
        assert image.mode == "RGB" and (np.asarray(image) == pixels).all()
